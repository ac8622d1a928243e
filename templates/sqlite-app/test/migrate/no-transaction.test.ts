// Migrations outside a transaction: what a run that failed or was interrupted leaves, and how it is finished.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
// #region postgres
import { SQL } from "bun";
// #endregion
// #region postgres
import { onPostgres, withPrograms } from "../postgres.ts";
// #endregion
import { PROCESS_TIMEOUT, Project } from "../project.ts";
import { Service } from "../service.ts";

const MARK = "-- migrate: no-transaction\n";

test.concurrent(
  "a file marked no-transaction that fails is shown as applying, and the next up finishes it",
  async () => {
    using project = new Project();
    project.writeThree();
    project.write("0004_vacuum", `${MARK}CREATE TABLE IF NOT EXISTS d (x); VACUUM; bad;`);
    const failed = await project.db("up");
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain("the next `up` runs it again");
    const { stdout } = await project.db("status");
    expect(stdout).toContain("applying  0004_vacuum");
    expect(stdout).not.toContain("pending  0004_vacuum");
    expect(stdout).toContain("3 applied, 1 pending");
    project.write("0004_vacuum", `${MARK}CREATE TABLE IF NOT EXISTS d (x); VACUUM;`);
    await project.dbOk("up");
    expect((await project.dbOk("status")).stdout).toContain("applied  0004_vacuum");
    await project.dbOk("validate");
    project.write("0005_unmarked", "VACUUM;");
    expect((await project.db("up")).stderr).toContain("migrate: no-transaction");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a retry keeps the copy from before the first run",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up", "--to", "1");
    project.query("INSERT INTO a VALUES ('kept')");
    const file = (direction: string) =>
      project.join("data", "backups", `before-${direction}-0004_delete.db`);
    const rows = (direction: string) => {
      using copy = new Database(file(direction), { readonly: true });
      return copy.query("SELECT x FROM a UNION ALL SELECT name FROM pragma_table_info('b')").all();
    };
    project.write("0004_delete", `${MARK}DELETE FROM a; bad;`, `${MARK}DROP TABLE b; bad;`);
    // The first run applies other migrations before this one, and takes a copy before them, too.
    for (let run = 0; run < 3; run += 1) {
      expect((await project.db("up")).exitCode).toBe(1);
      expect(rows("up")).toEqual([{ x: "kept" }, { x: "x" }]);
    }
    expect((await project.db("up", "--json")).json()).toMatchObject({ backup: file("up") });
    project.write("0004_delete", `${MARK}DELETE FROM a;`);
    await project.dbOk("up");
    for (let run = 0; run < 2; run += 1) {
      expect((await project.db("down")).exitCode).toBe(1);
      expect(rows("down")).toEqual([{ x: "x" }]);
    }
  },
  PROCESS_TIMEOUT,
);

/** An interrupted `down` is refused by `up` and by the service, and finished by another `down`. */
async function interruptDown(project: Project): Promise<void> {
  const down = `${MARK}DROP TABLE IF EXISTS d;`;
  project.write("0001_a", "CREATE TABLE a (x int);");
  project.write("0002_d", `${MARK}CREATE TABLE IF NOT EXISTS d (x int);`, `${down} bad;`);
  await project.dbOk("up");
  expect((await project.db("down")).stderr).toContain("the next `down` runs it again");
  const status = await project.db("status");
  expect(status.exitCode).toBe(3);
  expect(status.stderr).toContain("reverting  0002_d");
  expect(status.stderr).toContain("1 applied, 1 pending");
  const reason = "0002_d is partly reverted: its down file did not finish. Run `bun run db down`";
  expect(await project.db("up")).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining(reason),
  });
  for (const MIGRATE_ON_START of ["true", "false"]) {
    const start = Service.start({ ...project.env, MIGRATE_ON_START });
    const message = await start.then(
      () => "it started",
      (error: Error) => error.message,
    );
    expect(message).toContain(reason);
  }
  project.write("0002_d", `${MARK}CREATE TABLE IF NOT EXISTS d (x int);`, down);
  await project.dbOk("down");
  expect((await project.dbOk("status")).stdout).toContain("1 applied, 1 pending");
  await project.dbOk("up");
  await project.dbOk("validate");
}

test.concurrent(
  "a down that was interrupted is not followed by an up",
  async () => {
    using project = new Project();
    await interruptDown(project);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a backup of a partly reverted database can be restored",
  async () => {
    using project = new Project();
    project.writeThree();
    project.write("0003_c", "CREATE TABLE c (x TEXT);", `${MARK}DROP TABLE IF EXISTS c; bad;`);
    await project.dbOk("up");
    expect((await project.db("down")).exitCode).toBe(1);
    await project.dbOk("backup", project.join("copy.db"));
    await project.dbOk("restore", project.join("copy.db"));
    project.write("0003_c", "CREATE TABLE c (x TEXT);", `${MARK}DROP TABLE IF EXISTS c;`);
    await project.dbOk("down");
    await project.dbOk("up");
  },
  PROCESS_TIMEOUT,
);

// #region postgres
onPostgres((newDatabase) => {
  test.concurrent(
    "a down that was interrupted is not followed by an up",
    async () => {
      using project = new Project("none", await newDatabase());
      await interruptDown(project);
    },
    PROCESS_TIMEOUT,
  );

  const query = async (project: Project, statement: string): Promise<unknown[]> => {
    await using sql = new SQL(project.env.DATABASE_URL ?? "", { max: 1 });
    return [...(await sql.unsafe(statement))];
  };
  const OWN =
    "SELECT kind || ' ' || identity AS own FROM schema_migrations_objects WHERE kind <> 'COUNT' ORDER BY kind, identity";

  test.concurrent(
    "a table that a failed run created belongs to the application, and others stay foreign",
    async () => {
      using project = new Project("none", await newDatabase());
      project.write("0001_a", "CREATE TABLE a (x int);");
      await project.dbOk("up");
      await query(project, "CREATE TABLE other (x int)");
      const tags = `${MARK}CREATE TABLE IF NOT EXISTS tags (x int);`;
      project.write("0002_tags", `${tags} bad;`);
      for (let run = 0; run < 2; run += 1) expect((await project.db("up")).exitCode).toBe(1);
      project.write("0002_tags", tags);
      await project.dbOk("up");
      expect(await query(project, OWN)).toEqual([
        { own: "TABLE public.a" },
        { own: "TABLE public.tags" },
      ]);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a backup of an unfinished migration contains the tables that it created",
    async () => {
      using project = new Project("none", await newDatabase());
      project.write("0001_tags", `${MARK}CREATE TABLE IF NOT EXISTS tags (x int); bad;`);
      await query(project, "CREATE VIEW other AS SELECT 1 AS one");
      expect((await project.db("up")).exitCode).toBe(1);
      await query(project, "INSERT INTO tags VALUES (1)");
      const file = project.join("tags.backup");
      await project.dbOk("backup", file);
      await query(project, "DELETE FROM tags");
      await project.dbOk("restore", file, "--yes");
      expect(await query(project, "SELECT x, one FROM tags, other")).toEqual([{ x: 1, one: 1 }]);
      project.write("0001_tags", `${MARK}CREATE TABLE IF NOT EXISTS tags (x int);`);
      await project.dbOk("up");
      expect(await query(project, OWN)).toEqual([{ own: "TABLE public.tags" }]);
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "a statement that locks every table, also the ledger, runs",
    async () => {
      using project = new Project("none", await newDatabase());
      project.write("0001_a", `${MARK}REINDEX SCHEMA public;`, `${MARK}REINDEX SCHEMA public;`);
      for (const command of ["up", "down", "up"]) await project.dbOk(command);
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "an invalid index is an error until it is created again",
    async () => {
      using project = new Project("none", await newDatabase());
      project.write("0001_a", "CREATE TABLE a (x int); INSERT INTO a VALUES (1), (1);");
      const index = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);";
      project.write("0002_index", MARK + index);
      expect((await project.db("up")).stderr).toContain("a_x");
      await query(project, "DELETE FROM a");
      const { exitCode, stderr } = await project.db("up");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("the index a_x is invalid");
      project.write("0002_index", `${MARK}DROP INDEX CONCURRENTLY IF EXISTS a_x; ${index}`);
      await project.dbOk("up");
      await query(project, "INSERT INTO a VALUES (1)");
      const second = query(project, "INSERT INTO a VALUES (1)");
      expect(await second.catch(String)).toContain("a_x");
    },
    PROCESS_TIMEOUT,
  );
});
// #endregion
