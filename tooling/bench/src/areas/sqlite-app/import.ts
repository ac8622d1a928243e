// Articles from lines of JSON into an empty database with the starter's schema: rows per second, to the commit.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { runCommand } from "../../command.ts";
import { PEERS } from "../../peers.ts";
import type { Run } from "../../run.ts";
import { startService } from "../../service.ts";
import { migrate, optionsFor, STARTER, signIn, writeLines } from "./starter.ts";

const rowsOf = ({ quick }: Run) => (quick ? 10_000 : 100_000);
const linesOf = ({ folder }: Run) => join(folder, "articles.ndjson");

/** Gives `use` a folder with an empty database, and removes it. */
export async function withEmpty<T>(run: Run, use: (data: string) => Promise<T>): Promise<T> {
  const data = await mkdtemp(join(run.folder, "import-"));
  try {
    return await use(data);
  } finally {
    await rm(data, { recursive: true });
  }
}

/** Sends the file to the starter and waits for the answer. @returns rows per second. */
export async function importOverHttp(run: Run, lines: string, rows: number): Promise<number> {
  return withEmpty(run, async (data) => {
    const token = signIn(await migrate(data));
    const options = optionsFor(data, { MAX_IMPORT_BYTES: String(1024 ** 3) });
    await using service = await startService(STARTER, options, run.folder);
    const started = performance.now();
    const response = await fetch(`${service.url}/api/articles/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
      body: Bun.file(lines),
    });
    const answer = await response.text();
    const seconds = (performance.now() - started) / 1000;
    if (answer !== JSON.stringify({ imported: rows })) throw new Error(answer);
    return rows / seconds;
  });
}

/** A program that imports `LINES` into `DATABASE` and prints its seconds. */
function loop(runtime: string, program: string): Contestant {
  return (run) => () =>
    withEmpty(run, async (data) => {
      const env = { DATABASE: await migrate(data), LINES: linesOf(run) };
      return rowsOf(run) / Number(await runCommand([runtime, program], { cwd: run.folder, env }));
    });
}

export const importing: Bench = {
  unit: "rows/s",
  rounds: 3,
  prepare: (run) => writeLines(linesOf(run), rowsOf(run)),
  contestants: {
    "sqlite-app over HTTP": (run) => () => importOverHttp(run, linesOf(run), rowsOf(run)),
    "bare bun:sqlite loop": loop("bun", join(import.meta.dir, "bare-import.ts")),
    "better-sqlite3 on Node.js": loop("node", join(PEERS, "sqlite-app/import.js")),
  },
};
