// Production: the same built page under load, and its bytes on the wire.
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { runCommand } from "../../command.ts";
import { httpLoad } from "../../load.ts";
import { PEERS } from "../../peers.ts";
import type { Run } from "../../run.ts";

const TEMPLATE = join(import.meta.dir, "../../../../../templates/hmr-app");
const VITE = join(PEERS, "node_modules/vite/bin/vite.js");

/** Builds the starter once; the peers serve a copy of its page, compressed files and all. */
async function prepare({ folder }: Run): Promise<void> {
  await runCommand(["bun", "run", "build"], { cwd: TEMPLATE });
  await cp(join(TEMPLATE, "dist/public"), join(folder, "public"), { recursive: true });
}

const servers: Readonly<Record<string, (run: Run) => Promise<string>>> = {
  "hmr-app": async (run) => {
    const env = { LOG_LEVEL: "warn" };
    return (await run.start(["bun", "src/main.ts"], { cwd: TEMPLATE, env })).url;
  },
  Hono: async (run) => {
    const env = { FOLDER: join(run.folder, "public") };
    return (await run.start(["bun", join(PEERS, "hmr-app/hono.js")], { env })).url;
  },
  "vite preview": async (run) => {
    const command = ["node", VITE, "preview", "--outDir", "public", "--host", "127.0.0.1"];
    return (await run.start(command, { cwd: run.folder, env: { NO_COLOR: "1" } })).url;
  },
};

function contestants(
  sample: (url: string, run: Run) => Promise<number>,
): Readonly<Record<string, Contestant>> {
  const entries = Object.entries(servers).map(([name, start]): [string, Contestant] => [
    name,
    async (run) => {
      const url = await start(run);
      return () => sample(url, run);
    },
  ]);
  return Object.fromEntries(entries);
}

/** The paths that the page loads. */
async function assetsOf(url: string): Promise<readonly string[]> {
  const page = await (await fetch(`${url}/`)).text();
  return [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
}

export const throughput: Bench = {
  unit: "req/s",
  prepare,
  contestants: contestants(async (url, run) => {
    const style = (await assetsOf(url)).find((path) => path.endsWith(".css"));
    return httpLoad(`${url}${style}`, run);
  }),
};

export const bytes: Bench = {
  unit: "KiB",
  rounds: 3,
  prepare,
  contestants: contestants(async (url) => {
    let sum = 0;
    for (const path of ["/", ...(await assetsOf(url))]) {
      const headers = { "accept-encoding": "gzip, deflate, br, zstd" };
      const response = await fetch(url + path, { headers, decompress: false });
      sum += (await response.bytes()).byteLength;
    }
    return sum / 1024;
  }),
};
