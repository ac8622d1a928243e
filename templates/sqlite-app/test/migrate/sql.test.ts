// Tokenizing SQL: where statements begin, and which statements a migration must not contain.
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  forbidden,
  hasOpenComment,
  outsideTransaction,
  statements,
} from "../../src/migrate/sql.ts";

const heads = (sql: string) => statements(sql, "sqlite").map(({ words }) => words[0]);

test("semicolons in strings, names, comments and trigger bodies do not end a statement", () => {
  const sql = `
    -- COMMIT;
    CREATE TABLE "a;b" (x TEXT DEFAULT 'it''s; COMMIT'); /* ROLLBACK; */
    CREATE TRIGGER t AFTER INSERT ON [a;b] BEGIN
      SELECT CASE WHEN new.x = 'END' THEN 1 END;
      DELETE FROM \`a;b\`;
    END;
    INSERT INTO "a;b" VALUES (1)`;
  expect(heads(sql)).toEqual(["CREATE", "CREATE", "INSERT"]);
  expect(forbidden(sql, "sqlite")).toEqual([]);
});

test("columns named begin and end do not start or end the body of a trigger", () => {
  const sql = `
    CREATE TABLE trigger (begin TEXT, end TEXT);
    CREATE TEMP TRIGGER t AFTER UPDATE OF begin, end ON trigger WHEN new.end <> old.end BEGIN
      UPDATE trigger SET begin = CASE new.end WHEN 1 THEN 2 END WHERE end = new.end;
      SELECT new.end AS end;
    END;
    SELECT end FROM trigger`;
  expect(heads(sql)).toEqual(["CREATE", "CREATE", "SELECT"]);
  expect(forbidden(sql, "sqlite")).toEqual([]);
});

test.each([
  ["BEGIN; CREATE TABLE a (x); COMMIT;", ["BEGIN", "COMMIT"]],
  ["begin immediate", ["BEGIN"]],
  ["CREATE TABLE a (x); end transaction", ["END"]],
  ["/* a */ ROLLBACK", ["ROLLBACK"]],
  ["CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END; COMMIT;", ["COMMIT"]],
  ["SAVEPOINT a; RELEASE a", ["SAVEPOINT", "RELEASE"]],
  ["VACUUM", ["VACUUM"]],
  ["PRAGMA foreign_keys = off; PRAGMA user_version = 3", ["PRAGMA foreign_keys"]],
  ["PRAGMA main.journal_mode = wal", ["PRAGMA journal_mode"]],
])("finds the statements that are not allowed in a migration: %s", (sql, found) => {
  expect([...forbidden(sql, "sqlite"), ...outsideTransaction(sql, "sqlite")]).toEqual(found);
});

test.each([
  "sqlite",
  // #region postgres
  "postgres",
  // #endregion
] as const)("a comment without an end is found: %s", (engine) => {
  expect(hasOpenComment("SELECT '/*' /* a */; /**/ -- /*", engine)).toBe(false);
  expect(hasOpenComment("SELECT 1; /* SELECT 2;", engine)).toBe(true);
});

test.each([
  ["sqlite", `'${"x".repeat(3e6)}'`],
  ["sqlite", `'${"it''s; ".repeat(5e5)}'`],
  ["sqlite", `"${"x".repeat(3e6)}"`],
  // #region postgres
  ["postgres", `'${"it''s; ".repeat(5e5)}'`],
  ["postgres", `E'${"it\\'s; ".repeat(5e5)}'`],
  ["postgres", `E'\\'' ${"-".repeat(500)}\n`],
  // #endregion
] as const)("a value of megabytes, and a line of dashes, are read quickly: %s", (engine, value) => {
  const sql = `INSERT INTO a SELECT ${value}; COMMIT`;
  expect(statements(sql, engine)).toHaveLength(2);
  expect(forbidden(sql, engine)).toEqual(["COMMIT"]);
});

// #region postgres
test("a dollar quote may have a tag of any characters outside ASCII", () => {
  const sql = "DO $🙂²$ BEGIN COMMIT; END $🙂²$; SELECT 1";
  expect(statements(sql, "postgres")).toHaveLength(2);
  expect(forbidden(sql, "postgres")).toEqual([]);
});

test("comments are nested on PostgreSQL, and not on SQLite", () => {
  expect(hasOpenComment("/* a /* b */ SELECT 1;", "postgres")).toBe(true);
  expect(hasOpenComment("/* a /* b */ SELECT 1;", "sqlite")).toBe(false);
});

test("the bodies of PostgreSQL functions belong to their statements", () => {
  const sql = `
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN COMMIT; RETURN new; END; $body$;
    CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT p.end AS end FROM p; SELECT 2; END;
    SELECT E'it\\'s; COMMIT', ARRAY['[;'], '];', E'a' -- a comment
      -- another one
      '\\'; COMMIT;'`;
  expect(statements(sql, "postgres").map(({ words }) => words[0])).toEqual([
    "CREATE",
    "CREATE",
    "SELECT",
  ]);
  expect(forbidden(sql, "postgres")).toEqual([]);
});
// #endregion

test("a COMMIT can't hide behind any string, name or comment", () => {
  const quoted = fc.oneof(
    fc.string().map((text) => `'${text.replaceAll("'", "''")}'`),
    fc.string().map((text) => `"${text.replaceAll('"', '""')}"`),
    fc.string().map((text) => `/*${text.replaceAll("*/", "")}*/`),
    fc.string().map((text) => `--${text.replaceAll("\n", "")}\n`),
  );
  const statement = fc.array(quoted).map((parts) => `SELECT ${parts.join(" ")};`);
  fc.assert(
    fc.property(fc.array(statement), (parts) => {
      expect(forbidden(`${parts.join("\n")} COMMIT`, "sqlite")).toEqual(["COMMIT"]);
    }),
  );
});
