// Backup and restore on PostgreSQL use the database of the service, only affect own objects, and keep every grant.
import { expect } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { SQL } from "bun";
import { onPostgres, withPrograms } from "../postgres.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

onPostgres((newDatabase) => {
  const roles: string[] = [];
  const execute = async (url: string, ...texts: string[]): Promise<unknown[]> => {
    await using sql = new SQL(url, { max: 1 });
    let rows: unknown[] = [];
    for (const text of texts) rows = [...(await sql.unsafe(text))];
    return rows;
  };
  const query = (project: Project, ...texts: string[]) =>
    execute((project.env.DATABASE_URL ?? "").replace(/\?.*/, ""), ...texts);
  const database = (url: string) => new URL(url).pathname.slice(1);
  /** A role that is dropped together with its objects. */
  const newRole = async (url: string): Promise<string> => {
    const role = `sqlite_app_${crypto.randomUUID().replaceAll("-", "")}`;
    await execute(url, `CREATE ROLE ${role} LOGIN`);
    roles.push(role);
    return role;
  };
  // Registered after the databases, so that the databases are dropped first.
  const dropRoles = async () => {
    for (const role of roles) await execute(process.env.DATABASE_URL ?? "", `DROP ROLE ${role}`);
  };

  const make = async (url: string) => {
    const project = new Project("none", url);
    project.write("0001_note", "CREATE TABLE note (id int PRIMARY KEY, text text NOT NULL);");
    project.write("0002_view", "CREATE VIEW short AS SELECT left(text, 3) AS text FROM note;");
    await project.dbOk("up");
    await execute(url.replace(/%20/, " "), "INSERT INTO note VALUES (1, 'kept')");
    return project;
  };
  const notes = (project: Project) => query(project, "SELECT text FROM note ORDER BY id");

  withPrograms(
    "a restore brings back rows and dropped tables, and refuses what is not a backup of this application",
    async () => {
      using project = await make(await newDatabase());
      const file = project.join("backup.dump");
      expect((await project.dbOk("backup", file, "--json")).json()).toMatchObject({
        verified: true,
      });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      project.write("0003_later", "CREATE TABLE later (x text);");
      await project.dbOk("up");
      await query(project, "UPDATE note SET text = 'changed'");
      const unasked = await project.db("restore", file);
      expect(unasked.exitCode).toBe(2);
      expect(unasked.stderr).toContain("the schema public of postgres://");
      expect(unasked.stderr).toContain("the table public.later, which is deleted.");
      expect(unasked.stderr).not.toContain("the table public.note");
      expect(unasked.stderr).toContain("other sessions in the database: 0");
      expect(await notes(project)).toEqual([{ text: "changed" }]);
      await project.dbOk("restore", file, "--yes");
      expect(await notes(project)).toEqual([{ text: "kept" }]);
      expect(await query(project, "SELECT to_regclass('later') AS later")).toEqual([
        { later: null },
      ]);
      await query(project, "DROP TABLE note CASCADE");
      await project.dbOk("restore", file, "--yes");
      expect(await notes(project)).toEqual([{ text: "kept" }]);
      await project.dbOk("up");
      const text = project.join("text.dump");
      writeFileSync(text, "not a backup");
      expect((await project.db("restore", text, "--yes")).exitCode).toBe(1);
      project.remove("0003_later");
      project.remove("0002_view");
      const newer = await project.db("restore", file, "--yes");
      expect(newer.exitCode).toBe(1);
      expect(newer.stderr).toContain("0002_view");
      expect(await notes(project)).toEqual([{ text: "kept" }]);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a backup that waits for pg_dump locks no table, so a restore cannot wait for it forever",
    async () => {
      using project = await make(await newDatabase());
      await using sql = new SQL(project.env.DATABASE_URL ?? "", { max: 1 });
      const backup = await sql.begin(async (restore) => {
        await restore.unsafe("LOCK TABLE note");
        const running = project.spawn("backup", project.join("backup.dump"));
        const waiting =
          "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock' AND datname = current_database()";
        while ((await query(project, waiting)).length === 0) await Bun.sleep(20);
        await restore.unsafe("LOCK TABLE schema_migrations, schema_migrations_objects NOWAIT");
        return running;
      });
      expect(await backup.exited).toBe(0);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a parameter that overrides the URL's database counts for the service, the tool and the programs alike",
    async () => {
      const [mine, other] = [await newDatabase(), await newDatabase()];
      for (const [url, text] of [
        [mine, "mine"],
        [other, "other"],
      ] as const) {
        using project = await make(url);
        await query(project, `UPDATE note SET text = '${text}'`);
      }
      for (const override of ["database", "dbname"]) {
        using project = new Project("none", `${other}?${override}=${database(mine)}`);
        project.write("0001_note", "CREATE TABLE note (id int PRIMARY KEY, text text NOT NULL);");
        project.write("0002_view", "CREATE VIEW short AS SELECT left(text, 3) AS text FROM note;");
        Object.assign(project.env, { PGDATABASE: database(other), PGOPTIONS: "-c geqo=off" });
        const file = project.join("backup.dump");
        expect((await project.dbOk("backup", file, "--json")).json().database).toContain(
          database(mine),
        );
        await execute(mine, "UPDATE note SET text = 'changed'");
        await project.dbOk("restore", file, "--yes");
        expect(await execute(mine, "SELECT text FROM note")).toEqual([{ text: "mine" }]);
        expect(await execute(other, "SELECT text FROM note")).toEqual([{ text: "other" }]);
        await project.dbOk("dump");
      }
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a separate schema is restored, and other schemas and other applications' tables stay as they are",
    async () => {
      const url = await newDatabase();
      await execute(
        url,
        "CREATE SCHEMA tenant",
        "CREATE TABLE public.note (x text)",
        "CREATE VIEW public.report AS SELECT x FROM public.note",
      );
      using project = await make(`${url}?search_path=tenant,%20public`);
      await execute(url, "CREATE TABLE tenant.theirs (id int PRIMARY KEY, x text)");
      const file = project.join("backup.dump");
      const backup = await project.dbOk("backup", file, "--json");
      expect(backup.json()).toMatchObject({ verified: true, leftOut: ["TABLE tenant.theirs"] });
      await execute(
        url,
        "INSERT INTO tenant.theirs VALUES (1, 'new')",
        "INSERT INTO public.note VALUES ('new')",
        "CREATE TABLE tenant.newer (x text)",
        "DELETE FROM tenant.note",
      );
      await project.dbOk("restore", file, "--yes");
      expect(
        await execute(
          url,
          `SELECT (SELECT text FROM tenant.note), (SELECT x FROM tenant.theirs), (SELECT x FROM public.report) AS report,
             to_regclass('tenant.newer') IS NOT NULL AS newer`,
        ),
      ).toEqual([{ text: "kept", x: "new", report: "new", newer: true }]);
      project.write("0003_log", "CREATE TABLE schema_migrations_log (x text);");
      await project.dbOk("up");
      const { stdout } = await project.dbOk("dump");
      expect(stdout.match(/(?<=CREATE TABLE ).*(?= \()/g)).toEqual([
        "tenant.note",
        "tenant.schema_migrations_log",
      ]);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "another application's table in public keeps its rows, also the ones after the backup",
    async () => {
      const url = await newDatabase();
      using project = await make(url);
      await execute(url, "CREATE TABLE theirs (x int)", "INSERT INTO theirs VALUES (1)");
      const file = project.join("backup.dump");
      expect((await project.dbOk("backup", file)).stdout).toContain(
        "left out  TABLE public.theirs",
      );
      await execute(url, "INSERT INTO theirs VALUES (2)", "DELETE FROM note");
      const unasked = await project.db("restore", file);
      expect(unasked.stderr).not.toContain("theirs");
      await project.dbOk("restore", file, "--yes");
      expect(await notes(project)).toEqual([{ text: "kept" }]);
      expect(await execute(url, "SELECT x FROM theirs ORDER BY x")).toEqual([{ x: 1 }, { x: 2 }]);
    },
    PROCESS_TIMEOUT,
  );

  for (const { what, change, message, repair } of [
    {
      what: "the schema was renamed",
      change: "ALTER SCHEMA public RENAME TO app",
      message: "TABLE public.note, VIEW public.short",
      repair:
        "UPDATE app.schema_migrations_objects SET identity = replace(identity, 'public.', 'app.')",
    },
    {
      what: "a table was renamed",
      change: "ALTER TABLE note RENAME TO notes",
      message: "TABLE public.note",
      repair:
        "UPDATE schema_migrations_objects SET identity = 'public.notes' WHERE identity = 'public.note'",
    },
    {
      what: "a view was dropped",
      change: "DROP VIEW short",
      message: "VIEW public.short",
      repair: "UPDATE schema_migrations_objects SET kind = 'IGNORED' WHERE kind = 'VIEW'",
    },
    {
      what: "every row of schema_migrations_objects was deleted",
      change: "DELETE FROM schema_migrations_objects",
      message: "Not listed: TABLE public.note, VIEW public.short",
      repair:
        "INSERT INTO schema_migrations_objects VALUES ('TABLE', 'public.note'), ('VIEW', 'public.short')",
    },
    {
      what: "one row of schema_migrations_objects was deleted",
      change: "DELETE FROM schema_migrations_objects WHERE identity = 'public.note'",
      message: "Not listed: TABLE public.note",
      repair: "INSERT INTO schema_migrations_objects VALUES ('TABLE', 'public.note')",
    },
  ]) {
    withPrograms(
      `after ${what}, a backup and a migration are refused until the record is corrected`,
      async () => {
        const url = await newDatabase();
        using project = await make(url);
        await execute(url, change);
        if (change.includes("SCHEMA"))
          Object.assign(project.env, { DATABASE_URL: `${url}?search_path=app` });
        project.write("0003_more", "CREATE TABLE more (x int);");
        const file = project.join("backup.dump");
        for (const command of [["backup", file], ["dump"], ["up"]]) {
          const { exitCode, stderr } = await project.db(...command);
          expect(exitCode).toBe(1);
          expect(stderr).toContain(message);
        }
        expect(existsSync(file)).toBe(false);
        await execute(url, repair);
        const { verified, leftOut } = (await project.dbOk("backup", file, "--json")).json();
        expect({ verified, leftOut }).toEqual({ verified: true, leftOut: [] });
        await project.dbOk("up");
        await project.dbOk("restore", file, "--yes");
        expect((await project.dbOk("status")).stdout).toContain("2 applied, 1 pending");
      },
      PROCESS_TIMEOUT,
    );
  }

  withPrograms(
    "a restore waits for a migration that is running",
    async () => {
      const url = await newDatabase();
      using project = await make(url);
      const file = project.join("backup.dump");
      await project.dbOk("backup", file);
      project.write("0003_slow", "CREATE TABLE slow (x text); SELECT pg_sleep(2);");
      const up = project.spawn("up");
      const sleeping =
        "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
      while ((await execute(url, sleeping)).length === 0) await Bun.sleep(20);
      await project.dbOk("restore", file, "--yes");
      expect(await up.exited).toBe(0);
      expect(await execute(url, "SELECT to_regclass('slow') AS slow")).toEqual([{ slow: null }]);
      expect((await project.dbOk("status")).stdout).toContain("2 applied, 1 pending");
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a restore into an empty schema leaves the ledger of a later schema of the search_path",
    async () => {
      const url = await newDatabase();
      using other = await make(url);
      await execute(url, "CREATE SCHEMA tenant");
      using project = await make(`${url}?search_path=tenant,%20public`);
      const file = project.join("backup.dump");
      await project.dbOk("backup", file);
      await execute(url, "DROP SCHEMA tenant CASCADE", "CREATE SCHEMA tenant");
      await project.dbOk("restore", file, "--yes");
      await other.dbOk("validate");
      expect(await execute(url, "SELECT text FROM tenant.note")).toEqual([{ text: "kept" }]);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "collations, operators, types, statistics and objects of text search are restored, too",
    async () => {
      using project = await make(await newDatabase());
      project.write(
        "0003_objects",
        `CREATE COLLATION plain FROM "C";
         CREATE FUNCTION is_same(int, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
         CREATE OPERATOR === (leftarg = int, rightarg = text, function = is_same);
         CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = simple);
         CREATE TEXT SEARCH CONFIGURATION search (COPY = simple);
         CREATE TYPE span AS RANGE (subtype = float8);
         CREATE TYPE size AS ENUM ('s', 'm');
         CREATE TYPE product AS (size size, price int);
         CREATE FUNCTION length_of(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length($1)';
         CREATE STATISTICS lengths ON length_of(text), id FROM note;
         ALTER TABLE note ADD span span, ADD name text COLLATE plain, ADD product product;`,
      );
      await project.dbOk("up");
      const file = project.join("backup.dump");
      await project.dbOk("backup", file);
      await project.dbOk("restore", file, "--yes");
      expect(await notes(project)).toEqual([{ text: "kept" }]);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "owners and grants survive a restore by any role",
    async () => {
      const url = await newDatabase();
      const [owner, reader] = [await newRole(url), await newRole(url)];
      await execute(url, `ALTER DATABASE ${database(url)} OWNER TO ${owner}`);
      const own = new URL(url);
      own.username = owner;
      using project = await make(own.href);
      await query(project, `GRANT SELECT ON note TO ${reader}`);
      const file = project.join("backup.dump");
      await project.dbOk("backup", file);
      Object.assign(project.env, { DATABASE_URL: url });
      await project.dbOk("restore", file, "--yes");
      expect(
        await query(
          project,
          `SELECT tableowner, has_table_privilege('${reader}', 'note', 'SELECT') AS reads,
             has_schema_privilege('${reader}', 'public', 'USAGE') AS uses FROM pg_tables WHERE tablename = 'note'`,
        ),
      ).toEqual([{ tableowner: owner, reads: true, uses: true }]);
      Object.assign(project.env, { DATABASE_URL: own.href });
      project.write("0003_more", "ALTER TABLE note ADD COLUMN more text;");
      await project.dbOk("up");
      await project.dbOk("restore", file, "--yes");
      await execute(url, `REASSIGN OWNED BY ${owner} TO postgres`);
    },
    PROCESS_TIMEOUT,
  );

  for (const [what, statement, name] of [
    ["another application's view", "CREATE VIEW texts AS SELECT * FROM public.note", "texts"],
    ["a partition", "CREATE TABLE later PARTITION OF public.event DEFAULT", "later"],
    ["a table from a publication", "CREATE PUBLICATION changes FOR TABLE public.note", "changes"],
  ] as const) {
    withPrograms(
      `a restore that would drop ${what} that no migration created is refused, and names it`,
      async () => {
        const url = await newDatabase();
        using project = await make(url);
        project.write("0003_event", "CREATE TABLE event (id int) PARTITION BY LIST (id);");
        await project.dbOk("up");
        const file = project.join("backup.dump");
        await project.dbOk("backup", file);
        await execute(url, "CREATE SCHEMA reports", `SET search_path = reports`, statement);
        const { exitCode, stderr } = await project.db("restore", file, "--yes");
        expect(exitCode).toBe(1);
        expect(stderr).toContain(name);
      },
      PROCESS_TIMEOUT,
    );
  }

  withPrograms(
    "idle_in_transaction_session_timeout does not end a backup",
    async () => {
      const url = await newDatabase();
      using project = await make(url);
      await execute(
        url,
        `ALTER DATABASE ${database(url)} SET idle_in_transaction_session_timeout = '20ms'`,
      );
      const backup = await project.dbOk("backup", project.join("backup.dump"), "--json");
      expect(backup.json()).toMatchObject({ verified: true });
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a backup that cannot be restored is an error, and leaves no file and no database",
    async () => {
      using project = await make(await newDatabase());
      project.write(
        "0003_check",
        `CREATE TABLE a (note int);
         CREATE FUNCTION is_note(id int) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.note WHERE note.id = $1)';
         INSERT INTO a VALUES (1);
         ALTER TABLE a ADD CHECK (is_note(note));`,
      );
      await project.dbOk("up");
      const file = project.join("backup.dump");
      const { exitCode, stderr } = await project.db("backup", file);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("could not be restored");
      expect(existsSync(file)).toBe(false);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "without the right to create databases, a backup is verified in a schema that nobody else sees",
    async () => {
      const url = await newDatabase();
      const owner = await newRole(url);
      await execute(url, `ALTER DATABASE ${database(url)} OWNER TO ${owner}`);
      const own = new URL(url);
      own.username = owner;
      using project = await make(own.href);
      await execute(
        own.href,
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION citext SCHEMA extensions",
        "ALTER TABLE note ADD tag extensions.citext",
      );
      const backup = await project.dbOk("backup", project.join("good.dump"), "--json");
      expect(backup.json()).toMatchObject({ verified: true });
      project.write(
        "0003_check",
        `CREATE FUNCTION is_note(id int) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.note WHERE note.id = $1)';
         CREATE TABLE a (note int CHECK (is_note(note)));
         INSERT INTO a VALUES (1);`,
      );
      await project.dbOk("up");
      const file = project.join("bad.dump");
      const { exitCode, stderr } = await project.db("backup", file);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("could not be restored");
      expect(existsSync(file)).toBe(false);
      expect(
        await execute(
          url,
          "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)' ORDER BY 1",
        ),
      ).toEqual([{ nspname: "extensions" }, { nspname: "public" }]);
      await execute(url, "ALTER EXTENSION citext SET SCHEMA public");
      const mixed = await project.dbOk("backup", project.join("mixed.dump"));
      expect(mixed.stdout).toContain("NOT verified: ");
      expect(mixed.stdout).toContain("citext");
      await execute(url, `REASSIGN OWNED BY ${owner} TO postgres`);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a role that can create neither a database nor a schema gets a backup that is reported as not verified",
    async () => {
      const url = await newDatabase();
      const role = await newRole(url);
      await execute(url, `GRANT CREATE ON SCHEMA public TO ${role}`);
      const own = new URL(url);
      own.username = role;
      using project = await make(own.href);
      const backup = await project.dbOk("backup", project.join("backup.dump"), "--json");
      expect(backup.json()).toMatchObject({
        verified: false,
        unverified: expect.stringContaining("there is no database or schema"),
      });
      await execute(url, `DROP OWNED BY ${role}`);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a name with an accent is dumped and restored in a LATIN1 database",
    async () => {
      const url = await newDatabase("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
      using project = await make(url);
      project.write("0003_cafe", `CREATE TABLE "café" (x text); INSERT INTO "café" VALUES ('é');`);
      await project.dbOk("up");
      expect((await project.dbOk("dump")).stdout).toContain('CREATE TABLE public."café"');
      const file = project.join("backup.dump");
      expect((await project.dbOk("backup", file, "--json")).json()).toMatchObject({
        verified: true,
      });
      await execute(url, `DELETE FROM "café"`);
      await project.dbOk("restore", file, "--yes");
      expect(await execute(url, `SELECT x FROM "café"`)).toEqual([{ x: "é" }]);
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a backup of a read-only database is written, and reported as not verified",
    async () => {
      const url = await newDatabase();
      using project = await make(url);
      await execute(url, `ALTER DATABASE ${database(url)} SET default_transaction_read_only = on`);
      const backup = await project.dbOk("backup", project.join("backup.dump"), "--json");
      expect(backup.json()).toMatchObject({
        verified: false,
        unverified: expect.stringContaining("read-only"),
      });
    },
    PROCESS_TIMEOUT,
  );

  withPrograms(
    "a connection parameter that pg_dump does not support is refused, and the error names it",
    async () => {
      using project = await make(await newDatabase());
      const url = project.env.DATABASE_URL;
      for (const parameter of ["sslpassword=x", "hostaddr=192.0.2.1", "service=other"]) {
        Object.assign(project.env, { DATABASE_URL: `${url}?${parameter}` });
        const { exitCode, stderr } = await project.db("backup", project.join("backup.dump"));
        expect(exitCode).toBe(1);
        expect(stderr).toContain(parameter.split("=")[0] ?? "");
        expect(stderr).not.toContain("    at ");
      }
    },
    PROCESS_TIMEOUT,
  );

  return dropRoles;
});
