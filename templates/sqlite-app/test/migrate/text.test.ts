// The allowed content of a migration file, and the errors in it.
import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

test.concurrent.each([
  ["a NUL", Buffer.from("CREATE TABLE d (x);\n\0CREATE TABLE e (x);\n"), "line 2 contains a NUL"],
  ["a lone CR", Buffer.from("-- adds\rCREATE TABLE d (x);\r"), "line 1 contains a CR"],
  ["U+2028 after a comment", Buffer.from("-- adds\u2028CREATE TABLE d (x);"), "a Unicode line end"],
  ["Latin-1", Buffer.from("INSERT INTO a VALUES ('Ren\xe9');", "latin1"), "not valid UTF-8"],
  ["an open comment", Buffer.from("CREATE TABLE d (x);\n/* CREATE TABLE e (x);"), "has no end"],
  ["an unknown mark", Buffer.from("-- migrate: no-transactions\nVACUUM;"), "is not a mark"],
  [
    "a mark after a statement",
    Buffer.from("CREATE TABLE d (x);\n-- migrate: compatible\n"),
    "line 2: a mark must stand before",
  ],
])(
  "a file with %s is refused by name, and nothing runs",
  async (_, bytes, reason) => {
    using project = new Project();
    project.writeThree();
    writeFileSync(join(project.migrations, "0004_d.up.sql"), bytes);
    const { exitCode, stderr } = await project.db("up");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("0004_d.up.sql: ");
    expect(stderr).toContain(reason);
    expect((await project.db("status", "--json")).json()).toMatchObject({ applied: [] });
  },
  PROCESS_TIMEOUT,
);

test.concurrent.each([
  ["a pipe", (path: string) => Bun.spawnSync(["mkfifo", path])],
  ["a dangling symbolic link", (path: string) => symlinkSync("missing.sql", path)],
  ["a folder", (path: string) => mkdirSync(path)],
])(
  "%s with the name of a migration is refused by name",
  async (_, create) => {
    using project = new Project();
    create(join(project.migrations, "0001_a.up.sql"));
    const { exitCode, stderr } = await project.db("up");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("0001_a.up.sql: it is not a regular file, or a link to one.");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a statement that no engine knows is not skipped",
  async () => {
    using project = new Project();
    project.write("0001_number", "-- a number\n123;");
    expect((await project.db("up")).stderr).toContain('0001_number.up.sql:2: near "123"');
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "an error names the file, the line and the statement",
  async () => {
    using project = new Project();
    const before = `${"-- a comment; with é\n".repeat(30)}CREATE TABLE a (x TEXT);\n`;
    const trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\nEND;\n";
    project.write("0001_a", `${before}${trigger}INSERT INTO a VALUES\n  ('é', missing);`);
    const { exitCode, stderr } = await project.db("up");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("0001_a.up.sql:36: no such column: missing");
    expect(stderr).toContain("INSERT INTO a VALUES ('é', missing)");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a mark may follow a block comment, such as a licence",
  async () => {
    using project = new Project();
    project.write("0001_a", "/* Copyright; */\n\n-- migrate: compatible\nCREATE TABLE a (x TEXT);");
    await project.dbOk("up");
    expect(project.query("SELECT compatible FROM schema_migrations")).toEqual([{ compatible: 1 }]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "statements after a table named trigger with a column named begin run, too",
  async () => {
    using project = new Project();
    project.write("0001_a", "CREATE TABLE trigger (begin TEXT); CREATE TABLE b (x TEXT);");
    await project.dbOk("up");
    expect(project.query("SELECT x FROM b")).toEqual([]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a migration that fails at each start leaves one backup, not one per start",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    project.query("INSERT INTO a VALUES ('kept')");
    project.write("0004_broken", "INSERT INTO nowhere VALUES (1);");
    for (let start = 0; start < 3; start += 1) expect((await project.db("up")).exitCode).toBe(1);
    const backups = [...new Bun.Glob("**/*").scanSync(project.join("data", "backups"))];
    expect(backups).toEqual(["before-up-0004_broken.db"]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "the ledger of another tool is named, and baseline adopts the database",
  async () => {
    using project = new Project();
    project.writeThree();
    project.query("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, dirty INTEGER)");
    project.query("CREATE TABLE a (x TEXT)");
    const { exitCode, stderr } = await project.db("up");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("golang-migrate");
    await project.dbOk("baseline", "--to", "1");
    await project.dbOk("up");
    await project.dbOk("validate");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "if another tool has a ledger but no tables, baseline says to drop the ledger",
  async () => {
    using project = new Project();
    project.writeThree();
    project.query("CREATE TABLE schema_migrations (version TEXT)");
    const { exitCode, stderr } = await project.db("baseline");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Drop the table schema_migrations of the other tool first.");
    project.query("DROP TABLE schema_migrations");
    await project.dbOk("up");
  },
  PROCESS_TIMEOUT,
);
