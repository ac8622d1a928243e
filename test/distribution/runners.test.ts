// `create-bunyard` from a registry, run by every package runner, outside the repository.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { builds } from "../contract/commands.ts";
import { keepsTheContract } from "../contract/contract.ts";
import { projectOf } from "../contract/project.ts";
import { standsAlone } from "../contract/standalone.ts";
import { Session } from "../readme/session.ts";
import { readManifest, root, templateNames } from "../workspaces.ts";
import { Clone } from "./clone.ts";
import { expectSameFiles } from "./files.ts";
import { HalfRegistry } from "./half-registry.ts";
import { succeed } from "./program.ts";
import { commandsFor } from "./readme.ts";
import { Registry } from "./registry.ts";
import { User } from "./user.ts";

setDefaultTimeout(COMMAND_TIMEOUT);

const HEADING = "From a registry";
const BUN = process.execPath;
const NEXT = "999.0.0";
/** Milliseconds in which an interrupted run removes its files on a loaded machine. */
const UNDO_TIMEOUT = 60_000;
const { version } = await Bun.file(join(root, "tooling/create/package.json")).json();
const clone = await Clone.open();
const registry = await Registry.open();
const user = await User.open(join(clone.place, "ann"), registry.url);
const projects = await Promise.all(
  templateNames().map((name) => projectOf(name, join(user.cwd, `my-${name}`))),
);

/** npm may be missing, except in CI. The name of a skipped test says so. pnpm and Yarn run on the Node.js beside it. */
const hasNpm = Bun.which("npm") !== null;
const npm = hasNpm ? "npm create bunyard" : "npm create bunyard (npm is not installed)";
const hasOthers = hasNpm && process.platform !== "win32";
const needing = (runner: string) =>
  test.skipIf((runner.startsWith("npm") && !hasNpm) || (/^(pnpm|yarn)/.test(runner) && !hasOthers));

const runners = [
  { runner: "bun create bunyard", command: [BUN, "create", "bunyard"] },
  { runner: "bun create bunyard@latest", command: [BUN, "create", "bunyard@latest"] },
  { runner: "bunx create-bunyard", command: [BUN, "x", "create-bunyard"] },
  // Without --silent, npm prints a headline on stdout.
  { runner: npm, command: ["npm", "create", "--yes", "--silent", "bunyard", "--"] },
  { runner: "pnpm create bunyard", command: ["pnpm", "--silent", "create", "bunyard"] },
  { runner: "yarn create bunyard", command: ["yarn", "--silent", "create", "bunyard"] },
];

/** Packs the clone's command as a version and publishes it. */
async function publish(version: string): Promise<void> {
  const folder = join(clone.root, "tooling", "create");
  const manifest = join(folder, "package.json");
  await Bun.write(manifest, JSON.stringify({ ...(await readManifest(folder)), version }));
  await succeed([BUN, "run", "pack"], { cwd: folder, env: clone.env });
  await registry.publish(join(folder, "dist", `create-bunyard-${version}.tgz`));
}

beforeAll(async () => {
  await clone.bun("install", "--frozen-lockfile");
  await publish(version);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await clone[Symbol.asyncDispose]();
});

// One after the other, because they fill the same cache.
test.each(projects)("bun create bunyard makes $name", async ({ name, directory }) => {
  const options = [`my-${name}`, "--template", name];
  const { code, stderr } = await user.run([BUN, "create", "bunyard", ...options]);
  expect(code, stderr).toBe(0);
  const git = (...args: string[]) => clone.git("-C", directory, ...args);
  expect(await git("log", "--format=%an")).toBe("Ann");
  expect(await git("ls-files", "bun.lock", ".gitignore")).toBe(".gitignore\nbun.lock");
  await expectSameFiles(directory, await clone.create(name, `my-${name}`));
});

// The other commands run in test/starters/, because they take minutes.
describe.each(projects)("created $name", (project) => {
  builds(project);
  standsAlone(project);
  keepsTheContract(project);
});

describe.skipIf(process.platform === "win32")("the README", () => {
  for (const command of commandsFor(HEADING, "http-sse")) {
    needing(command)(command, async () => {
      const home = join(clone.place, command.replaceAll(/\W+/g, "-"));
      const other = await User.open(home, registry.url);
      await using session = new Session(other.cwd, other.env);
      await session.run(command);
      await expectSameFiles(join(other.cwd, "my-http-sse"), join(user.cwd, "my-http-sse"));
    });
  }
});

describe.each(runners)("$runner", ({ runner, command }) => {
  const runs = needing(runner);
  const open = () => User.open(join(clone.place, crypto.randomUUID()), registry.url);

  runs("takes long flags and a stray --, and prints one JSON object on stdout", async () => {
    const ann = await open();
    const flags = ["--template", "http-sse", "--name", "@ann/app", "--no-install", "--no-git"];
    const { code, stdout, stderr } = await ann.run([...command, "app", "--", ...flags, "--json"]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { files, ...report } = JSON.parse(stdout);
    const directory = join(ann.cwd, "app");
    expect(report).toMatchObject({ ok: true, directory, name: "@ann/app", version });
    expect(files).toContain("src/main.ts");
    expect((await readManifest(directory)).name).toBe("@ann/app");
  });

  runs("passes the exit codes on: 0, 1, 2", async () => {
    const ann = await open();
    expect(await ann.run([...command, "--list"])).toMatchObject({ code: 0 });
    const wrong = await ann.run([...command, "app", "--template", "http-see"]);
    expect(wrong).toMatchObject({ code: 2, stdout: expect.not.stringContaining("Created") });
    expect(wrong.stderr).toContain("Did you mean http-sse?");
    await Bun.write(join(ann.cwd, "full", "package.json"), "{}");
    const clash = await ann.run([...command, "full", "--template", "http-sse"]);
    expect(clash).toMatchObject({ code: 2 });
    await using half = new HalfRegistry(registry.url, "not found");
    const failed = await ann.run([...command, "app", "--template", "http-sse"], half.env);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("Try again: cd ") });
    expect((await readdir(ann.cwd)).sort()).toEqual(["app", "full"]);
  });

  runs.skipIf(process.platform === "win32")(
    "an interrupt ends it with 130, and nothing is left",
    async () => {
      const ann = await open();
      await using half = new HalfRegistry(registry.url, "not answered");
      const child = ann.spawn([...command, "app", "--template", "http-sse"], half.env);
      await Promise.race([half.asked, child.exited]);
      expect(await readdir(ann.cwd)).toEqual(["app"]);
      // Like Ctrl-C in a terminal, which signals the process group.
      process.kill(-child.pid, "SIGINT");
      expect(await child.exited).toBe(130);
      // Yarn ends before the command that it runs.
      const deadline = performance.now() + UNDO_TIMEOUT;
      while ((await readdir(ann.cwd)).length > 0 && performance.now() < deadline)
        await Bun.sleep(50);
      expect(await readdir(ann.cwd)).toEqual([]);
    },
  );
});

needing(npm)("npm create without --: options that npm keeps are refused", async () => {
  const ann = await User.open(join(clone.place, "without-dashes"), registry.url);
  const create = ["npm", "create", "--yes", "--silent", "bunyard", "app"];
  for (const options of [
    ["--template", "http-sse"],
    ["--template=http-sse", "--no-git"],
  ]) {
    const { code, stderr } = await ann.run([...create, ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain("Put -- first: npm create bunyard@latest my-app -- --template");
  }
  expect(await readdir(ann.cwd)).toEqual([]);
});

test("a version that Bun has kept says which it is and how to get the newest", async () => {
  const ann = await User.open(join(clone.place, "kept"), registry.url);
  const create = (runner: string, directory: string) =>
    ann.run([BUN, "create", runner, directory, "--template", "http-sse", "--no-install"]);
  const versionIn = async (directory: string) =>
    (await readManifest(join(ann.cwd, directory))).bunyard?.version;
  const banner = (version: string) =>
    `create-bunyard ${version} (the newest: bun create bunyard@latest)\n`;

  await create("bunyard", "first");
  await publish(NEXT);
  const kept = await create("bunyard", "kept");
  expect(kept).toMatchObject({ code: 0, stderr: expect.stringContaining(banner(version)) });
  const newest = await create("bunyard@latest", "newest");
  expect(newest).toMatchObject({ code: 0, stderr: expect.stringContaining(banner(NEXT)) });
  expect(await Promise.all(["first", "kept", "newest"].map(versionIn))).toEqual([
    version,
    version,
    NEXT,
  ]);
});
