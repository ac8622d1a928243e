// One site, built by each contestant with the same loaders: minified, split, hashed names, source maps.
import { cp, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { runCommand, timeCommand } from "../../command.ts";
import { PEERS } from "../../peers.ts";
import type { Run } from "../../run.ts";
import { writeSite } from "./site.ts";

const TEMPLATE = join(import.meta.dir, "../../../../../templates/build-plugin");
const BUILD = ["bun", "build.ts", "--no-compress"];

export function siteOf(modules: number): Bench {
  return {
    unit: "ms",
    rounds: 15,
    prepare: (run) => prepare(run, modules),
    contestants: {
      "build-plugin": building("dist", [...BUILD, "--only=site"], [".cache"]),
      "build-plugin, unchanged": unchanged,
      "bare Bun.build": building("out-bare", ["bun", join(import.meta.dir, "bare.ts")]),
      "esbuild on Node.js": building("out-esbuild", [
        "node",
        join(PEERS, "build-plugin/esbuild.js"),
      ]),
      "Vite on Node.js": building("out-vite", ["node", join(PEERS, "build-plugin/vite.js")]),
    },
  };
}

/** A copy of the starter with another site; its library, built, gives the loaders to Node.js. */
async function prepare({ folder }: Run, modules: number): Promise<void> {
  const left = ["node_modules", "dist", ".cache", "test", "site", "bunfig.toml"];
  for (const name of await readdir(TEMPLATE)) {
    if (left.includes(name)) continue;
    await cp(join(TEMPLATE, name), join(folder, name), { recursive: true });
  }
  await symlink(join(TEMPLATE, "node_modules"), join(folder, "node_modules"), "junction");
  // The starter caches nothing without a lockfile.
  await cp(join(TEMPLATE, "../../bun.lock"), join(folder, "bun.lock"));
  for (const name of ["collections.ts", "collections"]) {
    await cp(join(TEMPLATE, "site", name), join(folder, "site", name), { recursive: true });
  }
  const manifest = await Bun.file(join(folder, "package.json")).json();
  await Bun.write(join(folder, "package.json"), JSON.stringify({ ...manifest, budgets: {} }));
  await writeSite(join(folder, "site"), modules);
  await runCommand(["bun", "build.ts", "--only=library"], { cwd: folder });
  await cp(join(folder, "dist/library"), join(folder, "library"), { recursive: true });
}

/** Times `command`, which builds into `output`, with nothing there from before. */
function building(
  output: string,
  command: readonly string[],
  leftovers: readonly string[] = [],
): Contestant {
  return ({ folder }) =>
    async () => {
      for (const path of [output, ...leftovers]) {
        await rm(join(folder, path), { recursive: true, force: true });
      }
      const ms = await timeCommand(command, { cwd: folder });
      await refuseNothing(join(folder, output));
      return ms;
    };
}

const unchanged: Contestant = ({ folder }) => {
  const command = [...BUILD, "--only=site"];
  return async () => {
    await runCommand(command, { cwd: folder });
    return timeCommand(command, { cwd: folder });
  };
};

/** A bundler that found nothing to do would be fast. */
async function refuseNothing(output: string): Promise<void> {
  const scripts = new Bun.Glob("**/*.js").scan({ cwd: output });
  const sizes = await Array.fromAsync(scripts, (path) => Bun.file(join(output, path)).size);
  if (sizes.reduce((sum, size) => sum + size, 0) < 10_000) throw new Error(`${output} is empty`);
}
