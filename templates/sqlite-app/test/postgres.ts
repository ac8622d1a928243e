// A PostgreSQL database of its own for a test file, on the server that DATABASE_URL names.

import { afterAll, describe, test } from "bun:test";
import { SQL } from "bun";

const { DATABASE_URL } = process.env;

/** Runs `tests` with a way to make empty databases, which are dropped at the end; skips without DATABASE_URL. */
export function onPostgres(tests: (newDatabase: () => Promise<string>) => void): void {
  if (!DATABASE_URL) {
    test.skip("PostgreSQL: set DATABASE_URL to run these tests", () => undefined);
    return;
  }
  const made: string[] = [];
  const admin = async (statement: string) => {
    await using sql = new SQL(DATABASE_URL, { max: 1 });
    await sql.unsafe(statement);
  };
  describe("PostgreSQL", () => {
    tests(async () => {
      const name = `sqlite_app_${crypto.randomUUID().replaceAll("-", "")}`;
      await admin(`CREATE DATABASE ${name}`);
      made.push(name);
      const url = new URL(DATABASE_URL);
      url.pathname = `/${name}`;
      return url.href;
    });
    afterAll(async () => {
      for (const name of made) await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }, 60_000);
  });
}
