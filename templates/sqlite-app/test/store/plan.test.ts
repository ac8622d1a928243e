// SQLite's query plan of a page is one range of one index, for every filter, order and cursor.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { parseEnv } from "#lib/env";
import { databaseSchema } from "../../src/env.ts";
import { buildListQuery, type Position, sorts } from "../../src/features/articles/filter.ts";
import { dialect } from "../../src/features/articles/sqlite.ts";
import { prepareSchema } from "../../src/migrator.ts";
import { Folder } from "../folder.ts";

test("a page is one range of one index, and nothing is sorted", async () => {
  using folder = new Folder();
  const env = parseEnv(databaseSchema, { DATA_DIR: folder.path });
  await prepareSchema(env, { migrate: true });
  using database = new Database(folder.join("app.db"));
  const plan = (sql: string, parameters: readonly (string | number)[]): string[] =>
    database
      .query<{ detail: string }, (string | number)[]>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...parameters)
      .map(({ detail }) => detail);
  const position: Position = ["2026", 7];
  for (const sort of sorts.filter((one) => one !== "rank")) {
    const page = (author: number | undefined, after: Position | undefined) => {
      const { sql, parameters } = buildListQuery({ sort, author, after, limit: 20 }, dialect);
      return plan(sql, parameters);
    };
    expect(page(undefined, undefined)).toEqual([expect.stringMatching(/^SCAN a USING INDEX \w+$/)]);
    expect(page(undefined, position)).toEqual([
      expect.stringMatching(/^SEARCH a USING INDEX \w+ \(\(\w+,seq\)[<>]\(\?,\?\)\)$/),
    ]);
    expect(page(1, undefined)).toEqual([
      expect.stringMatching(/^SEARCH a USING INDEX \w+ \(author=\?\)$/),
    ]);
    expect(page(1, position)).toEqual([
      expect.stringMatching(
        /^SEARCH a USING INDEX \w+ \(author=\? AND \(\w+,seq\)[<>]\(\?,\?\)\)$/,
      ),
    ]);
  }
});
