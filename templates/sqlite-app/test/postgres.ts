// Temporary PostgreSQL databases for a test file, on the server of DATABASE_URL.

import { afterAll, describe, test } from "bun:test";
import { SQL } from "bun";
import { findProgram } from "./postgres-programs.ts";

const { DATABASE_URL } = process.env;

/**
 * Runs `tests` with a function that creates empty databases, with options of CREATE DATABASE, which are dropped at the end. Skips them without
 * DATABASE_URL. `tests` may return another cleanup function.
 */
export function onPostgres(
  tests: (newDatabase: (options?: string) => Promise<string>) => (() => Promise<void>) | void,
): void {
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
    const cleanUp = tests(async (options = "") => {
      const name = `sqlite_app_${crypto.randomUUID().replaceAll("-", "")}`;
      await admin(`CREATE DATABASE ${name} ${options}`);
      made.push(name);
      const url = new URL(DATABASE_URL);
      url.pathname = `/${name}`;
      return url.href;
    });
    afterAll(async () => {
      for (const name of made) await admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await cleanUp?.();
    });
  });
}

const missing = ["pg_dump", "pg_restore", "psql"].filter((name) => !findProgram(name));

/** A test that needs PostgreSQL's client programs. It is skipped with a note if they are missing. */
export function withPrograms(title: string, body: () => Promise<void>, timeout?: number): void {
  if (missing.length === 0) test.concurrent(title, body, timeout);
  else test.skip(`${title}: install ${missing.join(", ")} to run this test`, () => undefined);
}
