// How an import, a page deep in a list and a search grow from 10⁴ to 10⁶ rows.
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { httpLoad } from "../../load.ts";
import type { Run } from "../../run.ts";
import { importOverHttp } from "./import.ts";
import { fill, optionsFor, STARTER, writeLines } from "./starter.ts";

const SIZES = { "10 000 rows": 1e4, "100 000 rows": 1e5, "1 000 000 rows": 1e6 };

/** In a quick run, each is a tenth. */
const sized = (make: (rows: (run: Run) => number) => Contestant): Record<string, Contestant> =>
  Object.fromEntries(
    Object.entries(SIZES).map(([name, size]) => [
      name,
      make(({ quick }) => (quick ? size / 10 : size)),
    ]),
  );

export const importGrowth: Bench = {
  unit: "rows/s",
  rounds: 1,
  warmups: 0,
  contestants: sized((rowsOf) => (run) => async () => {
    const rows = rowsOf(run);
    const lines = join(run.folder, `${rows}.ndjson`);
    await writeLines(lines, rows);
    return importOverHttp(run, lines, rows);
  }),
};

/** Requests to a starter, one contestant per size of its database. */
function loaded(pathOf: (rows: number) => string): Record<string, Contestant> {
  return sized((rowsOf) => async (run) => {
    const rows = rowsOf(run);
    const data = join(run.folder, String(rows));
    await fill(data, rows);
    const { url } = await run.start(STARTER, optionsFor(data));
    return () => httpLoad(url + pathOf(rows), { seconds: run.seconds, connections: 8 });
  });
}

/** The page in the middle of the list, newest first. */
function middle(rows: number): string {
  const at = new Date((1_700_000_000 + (rows / 2) * 60) * 1000).toISOString();
  const cursor = Buffer.from(JSON.stringify(["-createdAt", at, rows / 2])).toString("base64url");
  return `/api/articles?limit=20&after=${cursor}`;
}

export const pageGrowth: Bench = { unit: "req/s", rounds: 3, contestants: loaded(middle) };

/** Two words that are together in a few articles of a hundred thousand. */
export const searchGrowth: Bench = {
  unit: "req/s",
  rounds: 3,
  contestants: loaded(() => "/api/articles?limit=20&q=alpha1%20bravo2"),
};
