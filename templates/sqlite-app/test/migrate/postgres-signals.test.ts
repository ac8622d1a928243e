// A signal stops a backup or a restore on PostgreSQL at any moment: the cleanup is completed, and nothing keeps running.
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { SQL } from "bun";
import { onPostgres, withPrograms } from "../postgres.ts";
import { missingForServer, startPostgres } from "../postgres-server.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

onPostgres((newDatabase) => {
  const execute = async (url: string, ...texts: string[]): Promise<unknown[]> => {
    await using sql = new SQL(url, { max: 1 });
    let rows: unknown[] = [];
    for (const text of texts) rows = [...(await sql.unsafe(text))];
    return rows;
  };

  /** A project whose sessions have the name of its database, and whose temporary files are in its own folder. */
  const make = async (url: string) => {
    const name = new URL(url).pathname.slice(1);
    const project = new Project("none", `${url}?application_name=${name}`);
    const temporary = project.join("tmp");
    mkdirSync(temporary);
    Object.assign(project.env, { TMPDIR: temporary });
    project.write("0001_note", "CREATE TABLE note (text text); INSERT INTO note VALUES ('kept');");
    await project.dbOk("up");
    const file = project.join("backup.dump");
    const sessions = (condition: string) =>
      execute(
        url,
        `SELECT datname AS database FROM pg_stat_activity WHERE application_name = '${name}' AND ${condition}`,
      );
    /** Waits until a statement of the command waits for a lock. */
    const waits = async (query = "%") => {
      const waiting = `wait_event_type = 'Lock' AND query LIKE '${query}'`;
      while ((await sessions(waiting)).length === 0) await Bun.sleep(20);
    };
    /** Holds a lock until it is disposed. */
    const lock = async (statement: string) => {
      const sql = new SQL(url, { max: 1 });
      await sql.unsafe(`BEGIN; ${statement}`);
      return sql;
    };
    /** Expects that the command is stopped, and that it leaves no session and no temporary file. */
    const expectStopped = async (child: ReturnType<Project["spawn"]>, signal: string) => {
      const stderr = await child.stderr.text();
      expect(stderr.trim()).toBe(`The command was stopped by ${signal}. Nothing was changed.`);
      expect(await child.exited).toBe(1);
      while ((await sessions("true")).length > 0) await Bun.sleep(20);
      expect(readdirSync(temporary)).toEqual([]);
      expect(readdirSync(project.path).filter((entry) => entry.endsWith(".tmp"))).toEqual([]);
    };
    return { project, file, sessions, waits, lock, expectStopped };
  };

  withPrograms(
    "a backup that is stopped while it counts the rows leaves no file, and ends the count on the server",
    async () => {
      const url = await newDatabase();
      const { project, file, waits, lock, expectStopped } = await make(url);
      using _ = project;
      project.write("0002_later", "CREATE TABLE later (x int);");
      await project.dbOk("up");
      const later = await lock("LOCK TABLE later IN ACCESS EXCLUSIVE MODE");
      const child = project.spawn("backup", file);
      await waits("LOCK TABLE%"); // pg_dump has locked `note`, and waits for `later`.
      const note = lock("LOCK TABLE note IN ACCESS EXCLUSIVE MODE");
      const queued =
        "SELECT FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE note IN%' AND wait_event_type = 'Lock' AND datname = current_database()";
      while ((await execute(url, queued)).length === 0) await Bun.sleep(20);
      await later.close(); // pg_dump continues, and `note` is locked as soon as it has ended.
      await using _note = await note;
      await waits("%count(*)%");
      child.kill("SIGTERM");
      await expectStopped(child, "SIGTERM");
      expect(existsSync(file)).toBe(false);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a backup that is stopped while pg_dump runs ends it",
    async () => {
      const { project, file, waits, lock, expectStopped } = await make(await newDatabase());
      using _ = project;
      await using _lock = await lock("LOCK TABLE note IN ACCESS EXCLUSIVE MODE");
      const child = project.spawn("backup", file);
      await waits("LOCK TABLE%");
      child.kill("SIGINT");
      await expectStopped(child, "SIGINT");
      expect(existsSync(file)).toBe(false);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "further signals do not end a backup before the scratch database is dropped",
    async () => {
      const url = await newDatabase();
      const { project, file, sessions, waits, lock, expectStopped } = await make(url);
      using _ = project;
      project.write(
        "0002_slow",
        `CREATE FUNCTION slow(x int) RETURNS boolean LANGUAGE plpgsql AS $$
           BEGIN IF current_database() LIKE 'verify%' THEN PERFORM pg_sleep(600); END IF; RETURN true; END $$;
         CREATE TABLE a (x int CHECK (slow(x)));
         INSERT INTO a VALUES (1);`,
      );
      await project.dbOk("up");
      const child = project.spawn("backup", file);
      let found: unknown[] = [];
      while (found.length === 0) {
        found = await sessions("wait_event = 'PgSleep'");
        await Bun.sleep(20);
      }
      const [{ database }] = found as [{ database: string }];
      // DROP DATABASE waits for the end of the transaction with the comment.
      const comment = await lock(`COMMENT ON DATABASE ${database} IS 'locked'`);
      child.kill("SIGINT");
      await waits("DROP DATABASE%");
      child.kill("SIGINT");
      child.kill("SIGTERM");
      await comment.close();
      await expectStopped(child, "SIGINT");
      expect(await execute(url, `SELECT FROM pg_database WHERE datname = '${database}'`)).toEqual(
        [],
      );
      expect(existsSync(file)).toBe(false);
    },
    PROCESS_TIMEOUT,
  );

  for (const { moment, statement } of [
    {
      moment: "its checks run",
      statement: "LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE",
    },
    { moment: "psql replaces the tables", statement: "LOCK TABLE note IN ACCESS SHARE MODE" },
  ]) {
    withPrograms(
      `a restore that is stopped while ${moment} changes nothing, and releases its locks`,
      async () => {
        const url = await newDatabase();
        const { project, file, waits, lock, expectStopped } = await make(url);
        using _ = project;
        await project.dbOk("backup", file);
        await execute(url, "UPDATE note SET text = 'changed'");
        {
          await using _lock = await lock(statement);
          const child = project.spawn("restore", file, "--yes");
          await waits();
          child.kill("SIGTERM");
          await expectStopped(child, "SIGTERM");
        }
        expect(await execute(url, "SELECT text FROM note")).toEqual([{ text: "changed" }]);
        await project.dbOk("restore", file, "--yes");
        expect(await execute(url, "SELECT text FROM note")).toEqual([{ text: "kept" }]);
      },
      PROCESS_TIMEOUT,
    );
  }

  if (missingForServer.length > 0) return;
  withPrograms(
    "a restore that is stopped after the server has committed reports the success",
    async () => {
      await using server = await startPostgres();
      const url = `postgres://postgres@localhost:${server.port}/postgres`;
      while (!(await execute(url, "SELECT 1").catch(() => undefined))) await Bun.sleep(50);
      const { project, file, sessions } = await make(url);
      using _ = project;
      await project.dbOk("backup", file);
      await execute(url, "DELETE FROM note");
      // Commits wait for a standby that does not exist.
      await execute(
        url,
        "ALTER SYSTEM SET synchronous_standby_names = 'nobody'",
        "SELECT pg_reload_conf()",
      );
      const child = project.spawn("restore", file, "--yes");
      while ((await sessions("wait_event = 'SyncRep'")).length === 0) await Bun.sleep(20);
      child.kill("SIGTERM");
      expect(await child.stdout.text()).toContain("restored");
      expect(await child.exited).toBe(0);
      expect(await execute(url, "SELECT text FROM note")).toEqual([{ text: "kept" }]);
    },
    PROCESS_TIMEOUT,
  );
});
