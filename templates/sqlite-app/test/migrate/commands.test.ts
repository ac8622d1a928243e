// `bun run db`: its output, its exit codes, and the state of the database afterwards.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

test.concurrent(
  "up applies everything, down reverts it, and another up creates the same schema",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    const schema = project.schema();
    await project.dbOk("down", "--steps", "99");
    const tables =
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    expect(project.query(tables)).toEqual([{ name: "schema_migrations" }]);
    await project.dbOk("up");
    expect(project.schema()).toEqual(schema);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "up --to stops after a version, and down reverts one migration",
  async () => {
    using project = new Project();
    project.writeThree();
    expect((await project.dbOk("up", "--to", "0002_b", "--json")).json()).toMatchObject({
      ok: true,
      command: "up",
      done: [{ migration: "0001_a" }, { migration: "0002_b" }],
      failed: null,
      notRun: [],
    });
    expect((await project.dbOk("down", "--json")).json()).toMatchObject({
      done: [{ migration: "0002_b" }],
    });
    expect((await project.dbOk("status", "--json")).json()).toMatchObject({
      applied: [{ version: 1, name: "0001_a", origin: "up" }],
      pending: ["0002_b", "0003_c"],
      findings: [],
    });
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "commands that only read do not create a missing database",
  async () => {
    using project = new Project();
    project.writeThree();
    expect((await project.dbOk("status")).stdout).toContain("pending  0001_a");
    await project.dbOk("repair");
    for (const args of [["dump"], ["backup", project.join("copy.db")]]) {
      const { exitCode, stderr } = await project.db(...args);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("There is no database");
    }
    expect(existsSync(project.database)).toBe(false);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "if the third migration fails, the first two stay applied, and the report says so",
  async () => {
    using project = new Project();
    project.writeThree();
    project.write("0003_c", "CREATE TABLE c (x TEXT) STRICT; INSERT INTO nowhere VALUES (1);");
    project.write("0004_d", "CREATE TABLE d (x TEXT) STRICT;");
    const { exitCode, json } = await project.db("up", "--json");
    expect(exitCode).toBe(1);
    expect(json()).toMatchObject({
      ok: false,
      done: [{ migration: "0001_a" }, { migration: "0002_b" }],
      failed: { migration: "0003_c", message: expect.stringContaining("nowhere") },
      notRun: ["0004_d"],
    });
    expect(
      project.query("SELECT name FROM sqlite_schema WHERE name IN ('a', 'b', 'c')"),
    ).toHaveLength(2);
    expect(project.query("SELECT name FROM schema_migrations")).toHaveLength(2);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a setting of one migration does not affect the next one",
  async () => {
    using project = new Project();
    project.write(
      "0001_a",
      "PRAGMA ignore_check_constraints = ON; CREATE TABLE a (x INTEGER CHECK (x > 0)) STRICT; INSERT INTO a VALUES (-1);",
    );
    project.write("0002_b", "INSERT INTO a VALUES (-2);");
    expect((await project.db("up", "--json")).json()).toMatchObject({
      done: [{ migration: "0001_a" }],
      failed: { message: expect.stringContaining("CHECK") },
    });
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "new creates the next pair of files for each engine, which can be applied unchanged",
  async () => {
    using project = new Project();
    project.writeThree();
    // #region postgres
    await Bun.write(project.join("migrations", "postgres", ".keep"), "");
    // #endregion
    expect((await project.dbOk("new", "Add Tags!", "--json")).json()).toMatchObject({
      files: [
        join(project.migrations, "0004_add_tags.up.sql"),
        join(project.migrations, "0004_add_tags.down.sql"),
        // #region postgres
        project.join("migrations", "postgres", "0001_add_tags.up.sql"),
        project.join("migrations", "postgres", "0001_add_tags.down.sql"),
        // #endregion
      ],
    });
    await project.dbOk("up");
    await project.dbOk("down");
    expect((await project.db("new", "!!!")).exitCode).toBe(2);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "if the name of a new migration is too long for one of its files, neither is written",
  async () => {
    using project = new Project();
    const { exitCode, stderr } = await project.db("new", "a".repeat(243));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the name is too long");
    expect(readdirSync(project.migrations)).toEqual([]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a reader that closes the pipe early gets no error message",
  async () => {
    using project = new Project();
    const child = project.spawn("status");
    await child.stdout.cancel();
    expect(await child.stderr.text()).toBe("");
    expect(await child.exited).toBe(1);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "baseline records the migrations that a database already contains",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    project.query("DROP TABLE schema_migrations");
    project.query("DROP TABLE c");
    const refused = await project.db("up");
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain("baseline");
    await project.dbOk("baseline", "--to", "2");
    expect((await project.dbOk("status")).stdout).toMatch(
      /baseline {2}0001_a .*Z\nbaseline {2}0002_b /,
    );
    const { json } = await project.dbOk("up", "--json");
    expect(json()).toMatchObject({ done: [{ migration: "0003_c" }] });
    expect((await project.db("baseline")).exitCode).toBe(1);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "baseline refuses a database without tables, and one that does not exist",
  async () => {
    using project = new Project();
    project.writeThree();
    const refused = await project.db("baseline");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("has no tables");
    expect(existsSync(project.database)).toBe(false);
    project.query("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, dirty INTEGER)");
    expect((await project.db("baseline", "--to", "1")).stderr).toContain("has no tables");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "seed can be repeated, and is refused in production",
  async () => {
    using project = new Project("own");
    expect((await project.db("seed")).stderr).toContain("pending");
    await project.dbOk("up");
    await project.dbOk("seed");
    expect((await project.dbOk("seed", "--json")).json()).toMatchObject({ users: 0 });
    expect(project.query("SELECT id FROM users")).toHaveLength(2);
    // #region articles
    const titles = () => project.query("SELECT title FROM articles ORDER BY title");
    const all = titles();
    project.query("DELETE FROM articles WHERE title LIKE 'Notes%'"); // As if the first run had been killed.
    expect((await project.dbOk("seed", "--json")).json()).toMatchObject({ users: 0, articles: 1 });
    expect(titles()).toEqual(all);
    // #endregion
    Object.assign(project.env, { NODE_ENV: "production" });
    expect((await project.db("seed")).exitCode).toBe(1);
  },
  PROCESS_TIMEOUT,
);

// #region articles
test.concurrent(
  "reindex counts the articles, and refuses pending migrations without a stack trace",
  async () => {
    using project = new Project("own");
    const { exitCode, stderr } = await project.db("reindex");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Migrations are pending");
    expect(stderr).not.toContain("    at ");
    await project.dbOk("up");
    await project.dbOk("seed");
    expect((await project.dbOk("reindex", "--json")).json()).toMatchObject({ articles: 3 });
  },
  PROCESS_TIMEOUT,
);

// #endregion
test.concurrent(
  "dump prints SQL that creates the same schema",
  async () => {
    using project = new Project("own");
    project.write(project.next("log"), "CREATE TABLE schema_migrations_log (x TEXT);");
    await project.dbOk("up");
    const { stdout } = await project.dbOk("dump");
    using copy = new Project();
    using database = copy.open();
    database.run(stdout);
    const schema = () => project.schema().filter((sql) => !sql.includes("schema_migrations ("));
    expect(copy.schema()).toEqual(schema());
  },
  PROCESS_TIMEOUT,
);

test.concurrent.each([
  [[]],
  [["frobnicate"]],
  [["up", "--nope"]],
  [["up", "--to", "x"]],
  [["up", "--to", "99"]],
  [["up", "--to", "0002_other"]],
  [["up", "extra"]],
  [["down", "--steps", "0"]],
  [["status", "--steps", "1"]],
  [["backup"]],
  [["new", "a", "b"]],
  [["up", "--to", ""]],
  [["baseline", "--to="]],
])(
  "wrong usage is exit code 2, and nothing is changed: %j",
  async (args) => {
    using project = new Project();
    project.writeThree();
    const { exitCode, json } = await project.db(...args, "--json");
    expect(exitCode).toBe(2);
    expect(json()).toMatchObject({ ok: false, error: { code: "usage" } });
    expect(existsSync(project.database)).toBe(false);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "errors are printed on stderr, and help on stdout",
  async () => {
    using project = new Project();
    const { stdout, stderr } = await project.db("frobnicate");
    expect({ stdout, stderr }).toEqual({
      stdout: "",
      stderr: expect.stringContaining("frobnicate"),
    });
    expect((await project.dbOk("--help")).stdout).toContain("restore <file>");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "an error of a file or folder names it and the reason",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    const missing = project.join("missing", "copy.backup");
    const inFile = join(project.database, "copy.backup");
    const { stderr } = await project.db("backup", missing);
    expect(stderr).toBe(`The copy to ${missing} failed: its folder does not exist.\n`);
    expect((await project.db("backup", inFile)).stderr).toContain("its folder is a file.\n");
    const long = await project.db("new", "x".repeat(300));
    expect(long.stderr).toEndWith(".down.sql: the name is too long.\n");
    Object.assign(project.env, { MIGRATIONS_DIR: project.database });
    expect((await project.db("status")).stderr).toContain(
      `${join(project.database, "sqlite")}.\nDoes the folder exist`,
    );
  },
  PROCESS_TIMEOUT,
);

// #region postgres
test.concurrent(
  "an invalid environment is reported without its values",
  async () => {
    using project = new Project();
    Object.assign(project.env, { DATABASE_URL: "mysql://root:hunter2@host/db" });
    const { exitCode, stderr } = await project.db("status");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("DATABASE_URL");
    expect(stderr).not.toContain("hunter2");
  },
  PROCESS_TIMEOUT,
);
// #endregion

test.concurrent(
  "a database with data is backed up before it is migrated, and an empty one is not",
  async () => {
    using project = new Project();
    project.writeThree();
    expect((await project.dbOk("up", "--to", "1", "--json")).json()).toMatchObject({
      backup: null,
    });
    project.query("INSERT INTO a VALUES ('kept')");
    const { backup } = (await project.dbOk("up", "--json")).json();
    expect(readdirSync(project.join("data", "backups"))).toHaveLength(1);
    await project.dbOk("restore", String(backup));
    expect((await project.dbOk("status", "--json")).json()).toMatchObject({
      pending: ["0002_b", "0003_c"],
    });
    expect(project.query("SELECT x FROM a")).toEqual([{ x: "kept" }]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "other line ends or a byte order mark do not count as a change of a file",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    const file = join(project.migrations, "0001_a.up.sql");
    writeFileSync(file, `\uFEFF${readFileSync(file, "utf8")}`.replaceAll("\n", "\r\n"));
    await project.dbOk("validate");
  },
  PROCESS_TIMEOUT,
);
