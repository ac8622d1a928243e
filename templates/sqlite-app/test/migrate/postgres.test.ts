// The commands and guarantees whose implementation differs on PostgreSQL.
import { expect, test } from "bun:test";
import { SQL } from "bun";
import { onPostgres, withPrograms } from "../postgres.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

onPostgres((newDatabase) => {
  const query = async (project: Project, statement: string): Promise<unknown[]> => {
    await using sql = new SQL(project.env.DATABASE_URL ?? "", { max: 1 });
    return [...(await sql.unsafe(statement))];
  };

  withPrograms(
    "up after down creates the same schema, and a dump is stable",
    async () => {
      using project = new Project("none", await newDatabase());
      project.writeThree();
      await project.dbOk("up");
      expect((await project.dbOk("status")).stdout).toMatch(/0001_a {2}\d{4}-\d\d-\d\dT.*Z/);
      const { stdout } = await project.dbOk("dump");
      expect(stdout).toContain("CREATE TABLE public.a");
      await project.dbOk("down", "--steps", "9");
      expect((await project.dbOk("dump")).stdout).not.toContain("CREATE TABLE");
      await project.dbOk("up");
      expect((await project.dbOk("dump")).stdout).toBe(stdout);
      await project.dbOk("validate");
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "a migration that fails is rolled back, and the previous ones stay applied",
    async () => {
      using project = new Project("none", await newDatabase());
      project.writeThree();
      project.write("0003_c", "CREATE TABLE c (x text); INSERT INTO nowhere VALUES (1);");
      const { exitCode, json } = await project.db("up", "--json");
      expect(exitCode).toBe(1);
      expect(json()).toMatchObject({
        engine: "postgres",
        done: [{ migration: "0001_a" }, { migration: "0002_b" }],
        failed: { migration: "0003_c", message: expect.stringContaining("nowhere") },
      });
      expect(await query(project, "SELECT to_regclass('b') AS b, to_regclass('c') AS c")).toEqual([
        { b: "b", c: null },
      ]);
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "a changed file and a database newer than the code are refused by name",
    async () => {
      using project = new Project("none", await newDatabase());
      project.writeThree();
      await project.dbOk("up");
      project.write("0002_b", "CREATE TABLE b (y text);");
      project.remove("0003_c");
      const { exitCode, stderr } = await project.db("up");
      expect(exitCode).toBe(3);
      expect(stderr).toContain("0002_b was changed");
      expect(stderr).toContain("newer than this code");
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "a dump can be a migration: its settings do not affect the next one",
    async () => {
      using project = new Project("none", await newDatabase());
      project.write(
        "0001_dump",
        "SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.a (x text);",
      );
      project.write("0002_b", "CREATE TABLE b (x text);");
      await project.dbOk("up");
      expect(await query(project, "SELECT to_regclass('public.b') AS b")).toEqual([{ b: "b" }]);
      await project.dbOk("validate");
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "objects of extensions do not make a database foreign, but tables of other applications do",
    async () => {
      using project = new Project("none", await newDatabase());
      project.writeThree();
      await query(project, "CREATE TABLE brought (x text)");
      await query(project, "ALTER EXTENSION plpgsql ADD TABLE brought");
      await query(project, "CREATE VIEW statistics AS SELECT 1 AS one");
      await project.dbOk("up");
      await query(project, "DROP TABLE schema_migrations");
      const { exitCode, stderr } = await project.db("up");
      expect(exitCode).toBe(3);
      expect(stderr).toContain("baseline");
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "eight processes apply each migration once",
    async () => {
      using project = new Project("none", await newDatabase());
      project.write("0001_log", "CREATE TABLE log (migration text);");
      project.write("0002_step", "INSERT INTO log VALUES ('2');");
      const runs = await Promise.all(Array.from({ length: 8 }, () => project.db("up")));
      expect(runs.map(({ exitCode, stderr }) => exitCode + stderr)).toEqual(runs.map(() => "0"));
      expect(await query(project, "SELECT migration FROM log")).toEqual([{ migration: "2" }]);
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "a kill during a migration leaves no change",
    async () => {
      using project = new Project("none", await newDatabase());
      project.write(
        "0001_slow",
        "CREATE TABLE slow (x text); SELECT pg_sleep(1);",
        "DROP TABLE slow;",
      );
      const child = project.spawn("up");
      const sleeping =
        "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
      while ((await query(project, sleeping)).length === 0) await Bun.sleep(20);
      child.kill("SIGKILL");
      await child.exited;
      while ((await query(project, sleeping)).length > 0) await Bun.sleep(20);
      const { stdout } = await project.dbOk("status");
      // The server may have finished the statement, but it never received a COMMIT.
      expect(stdout).toContain("0 applied, 1 pending");
      expect(await query(project, "SELECT to_regclass('slow') AS slow")).toEqual([{ slow: null }]);
      await project.dbOk("up");
    },
    PROCESS_TIMEOUT,
  );
});
