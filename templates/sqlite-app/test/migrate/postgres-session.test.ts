// PostgreSQL: session settings of one file do not affect the next one, and timeouts do not release the lock.
import { expect, test } from "bun:test";
import { SQL } from "bun";
import { PostgresTarget } from "../../src/migrate/postgres.ts";
import { parsePostgresUrl } from "../../src/postgres-url.ts";
import { onPostgres } from "../postgres.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

onPostgres((newDatabase) => {
  const roles: string[] = [];
  const query = async (project: Project, ...texts: string[]): Promise<unknown[]> => {
    await using sql = new SQL(project.env.DATABASE_URL ?? "", { max: 1 });
    let rows: unknown[] = [];
    for (const text of texts) rows = [...(await sql.unsafe(text))];
    return rows;
  };

  test.concurrent(
    "roles, temporary tables, settings and prepared statements end with their file",
    async () => {
      using project = new Project("none", await newDatabase());
      const role = `sqlite_app_${crypto.randomUUID().replaceAll("-", "")}`;
      await query(project, `CREATE ROLE ${role}`, `GRANT CREATE ON SCHEMA public TO ${role}`);
      roles.push(role);
      project.write("0001_users", "CREATE TABLE users (id int);");
      project.write(
        "0002_session",
        `CREATE TEMP TABLE users AS SELECT * FROM users; SET search_path = pg_catalog; PREPARE p AS SELECT 1; SET ROLE ${role};`,
      );
      project.write("0003_next", "ALTER TABLE users ADD COLUMN nick text; PREPARE p AS SELECT 1;");
      await project.dbOk("up");
      expect(
        await query(
          project,
          `SELECT count(*)::int AS count, pg_get_userbyid(relowner) AS owner FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
           WHERE attrelid = 'public.users'::regclass AND attname = 'nick' GROUP BY relowner`,
        ),
      ).toEqual([{ count: 1, owner: "postgres" }]);
      await query(project, `DROP OWNED BY ${role}`);
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent.each([
    "CREATE SCHEMA AUTHORIZATION CURRENT_USER;",
    "-- migrate: no-transaction\nCREATE SCHEMA AUTHORIZATION CURRENT_USER;",
    "ALTER SCHEMA public RENAME TO app;",
  ])(
    "a migration after which the ledger would be in another schema is refused: %s",
    async (statement) => {
      using project = new Project("none", await newDatabase());
      project.writeThree();
      await project.dbOk("up");
      project.write("0004_schema", statement);
      expect((await project.db("up")).stderr).toContain("0004_schema.up.sql: after it");
      Object.assign(project.env, {
        DATABASE_URL: `${project.env.DATABASE_URL}?search_path=public`,
      });
      expect((await project.dbOk("status", "--json")).json()).toMatchObject({
        pending: ["0004_schema"],
      });
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "CREATE INDEX CONCURRENTLY runs in a marked file, also while other processes wait to migrate",
    async () => {
      using project = new Project("none", await newDatabase());
      // At this level, a transaction keeps its first snapshot, for which CREATE INDEX CONCURRENTLY waits.
      const { pathname } = new URL(project.env.DATABASE_URL ?? "");
      await query(
        project,
        `ALTER DATABASE ${pathname.slice(1)} SET default_transaction_isolation = 'repeatable read'`,
      );
      project.write(
        "0001_a",
        "CREATE TABLE a (x int); INSERT INTO a SELECT generate_series(1, 20000);",
      );
      project.write(
        "0002_index",
        "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);",
        "-- migrate: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS a_x;",
      );
      project.write("0003_b", "CREATE TABLE b (x int);", "DROP TABLE b;");
      const runs = await Promise.all(Array.from({ length: 4 }, () => project.db("up")));
      expect(runs.map(({ exitCode, stderr }) => exitCode + stderr)).toEqual(runs.map(() => "0"));
      expect(
        await query(project, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass"),
      ).toEqual([{ indisvalid: true }]);
      await project.dbOk("down", "--steps", "2");
      await project.dbOk("up");
      project.write("0004_unmarked", "CREATE INDEX CONCURRENTLY a_y ON a (x);");
      expect((await project.db("up")).stderr).toContain("migrate: no-transaction");
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "a search_path without a schema that exists is reported by up and dump",
    async () => {
      using project = new Project("none", `${await newDatabase()}?search_path=missing`);
      project.write("0001_a", "CREATE TABLE a (x int);");
      for (const command of ["up", "dump"]) {
        const { exitCode, stderr } = await project.db(command);
        expect([exitCode, stderr]).toEqual([
          1,
          expect.stringContaining("No schema of the search_path exists.\nCreate the schema"),
        ]);
      }
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "timeouts of the database do not end the wait for the migration of another process",
    async () => {
      using project = new Project("none", await newDatabase());
      const { pathname } = new URL(project.env.DATABASE_URL ?? "");
      for (const name of [
        "lock_timeout",
        "statement_timeout",
        "idle_in_transaction_session_timeout",
      ]) {
        await query(project, `ALTER DATABASE ${pathname.slice(1)} SET ${name} = '1s'`);
      }
      project.write("0001_a", "CREATE TABLE a (x int);");
      await using other = new SQL(project.env.DATABASE_URL ?? "", { max: 1 });
      const held = await other.reserve();
      await held.unsafe("SELECT pg_advisory_lock(7166914512)");
      const run = project.db("up");
      const sessions = "SELECT FROM pg_stat_activity WHERE datname = current_database()";
      // The connections of this query, of the lock, and of the waiting process.
      while ((await query(project, sessions)).length < 3) await Bun.sleep(20);
      await Bun.sleep(2500); // Longer than each of the timeouts.
      await held.unsafe("SELECT pg_advisory_unlock(7166914512)");
      held.release();
      expect(await run).toMatchObject({ exitCode: 0 });
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "a migration gives up if another process holds the lock for too long",
    async () => {
      const url = await newDatabase();
      await using other = new SQL(url, { max: 1 });
      await other.begin(async (transaction) => {
        await transaction.unsafe("SELECT pg_advisory_xact_lock(7166914512)");
        await using target = new PostgresTarget(parsePostgresUrl(url), 100);
        const failure = await target.repair([]).catch(String);
        expect(failure).toContain("another process is migrating or restoring it");
      });
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "an error names the line, and comments, dollar quotes and E-strings are read as the server reads them",
    async () => {
      using project = new Project("none", await newDatabase());
      project.write(
        "0001_a",
        `/* outer /* inner; */ COMMIT; */
CREATE TABLE a (x text);
INSERT INTO a VALUES (E'it\\'s; COMMIT'), ('é'), ($x$; COMMIT; $x$), (E'one'
  '\\'; COMMIT');
CREATE RULE r AS ON DELETE TO a DO ALSO (SELECT 1; SELECT 2);
CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
SELECT 'é',
  nothing;`,
      );
      expect((await project.db("up")).stderr).toContain(
        '0001_a.up.sql:8: column "nothing" does not exist',
      );
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "the ledger of another tool is named, and baseline adopts the database",
    async () => {
      using project = new Project("none", await newDatabase());
      project.writeThree();
      await query(
        project,
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean)",
        "INSERT INTO schema_migrations VALUES (3, false)",
        "CREATE TABLE a (x text)",
      );
      const { exitCode, stderr } = await project.db("status");
      expect(exitCode).toBe(3);
      expect(stderr).toContain("golang-migrate");
      expect((await project.dbOk("baseline")).stdout).toContain("own       TABLE public.a");
      await project.dbOk("validate");
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    "baseline refuses a database without tables, and repair records whether a file is compatible",
    async () => {
      using project = new Project("none", await newDatabase());
      project.writeThree();
      const { exitCode, stderr } = await project.db("baseline");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("has no tables");
      await project.dbOk("up");
      project.write("0003_c", "-- migrate: compatible\nCREATE TABLE c (x TEXT);");
      await project.dbOk("repair");
      expect(
        await query(project, "SELECT compatible FROM schema_migrations ORDER BY version"),
      ).toEqual([{ compatible: false }, { compatible: false }, { compatible: true }]);
    },
    PROCESS_TIMEOUT,
  );

  return async () => {
    await using sql = new SQL(process.env.DATABASE_URL ?? "", { max: 1 });
    for (const role of roles) await sql.unsafe(`DROP ROLE ${role}`);
  };
});
