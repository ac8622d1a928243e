// kill -9 at random moments of up and down on a large table leaves the old or the new schema, never a mix.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

const ROWS = 20_000;
/** Kills per direction; `KILLS=100 bun test crash` tests more of them. */
const KILLS = Number(process.env.KILLS ?? 6);

/** A rebuild of the large table, an index and an update, each of which a kill may interrupt. */
const UP = `
  CREATE TABLE big_new (id INTEGER PRIMARY KEY, text TEXT NOT NULL, length INTEGER NOT NULL) STRICT;
  INSERT INTO big_new SELECT id, text, length(text) FROM big;
  DROP TABLE big;
  ALTER TABLE big_new RENAME TO big;
  CREATE INDEX big_text ON big (text);
  UPDATE big SET length = length + 1;`;
const DOWN = `
  DROP INDEX big_text;
  ALTER TABLE big DROP COLUMN length;
  UPDATE big SET text = text || '';`;

interface Schema {
  readonly applied: number;
  readonly objects: string;
}

function schemaOf(project: Project): Schema {
  const objects = project.query<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE name LIKE 'big%' UNION ALL SELECT name FROM pragma_table_info('big')",
  );
  const applied = project.query("SELECT version FROM schema_migrations").length;
  return { applied, objects: objects.map(({ name }) => name).join() };
}

function makeProject(): Project {
  const project = new Project();
  project.write(
    "0001_big",
    `CREATE TABLE big (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
     INSERT INTO big SELECT i, hex(randomblob(50)) FROM n;`,
    "DROP TABLE big;",
  );
  project.write("0002_rebuild", UP, DOWN);
  return project;
}

test.concurrent.each(["up", "down"] as const)(
  "a kill at any moment of %s leaves the old or the new schema",
  async (direction) => {
    using project = makeProject();
    await project.dbOk("up", "--to", direction === "up" ? "1" : "2");
    const before = schemaOf(project);
    const saved = project.join("saved.db");
    project.query(`VACUUM INTO '${saved}'`);
    const started = performance.now();
    await project.dbOk(direction);
    const duration = performance.now() - started;
    const after = schemaOf(project);
    expect(after).not.toEqual(before);

    const outcomes = { before: 0, after: 0 };
    for (let kill = 0; kill < KILLS; kill += 1) {
      rmSync(project.join("data"), { recursive: true });
      cpSync(saved, project.database, { recursive: true });
      const child = project.spawn(direction);
      const moment = ((kill + Math.random()) / KILLS) * duration;
      await Promise.race([Bun.sleep(moment), child.exited]);
      child.kill("SIGKILL");
      await child.exited;
      const found = schemaOf(project);
      const outcome = found.applied === before.applied ? "before" : "after";
      expect(found).toEqual({ before, after }[outcome]);
      expect(project.query("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
      expect(project.query("SELECT count(*) AS rows FROM big")).toEqual([{ rows: ROWS }]);
      outcomes[outcome] += 1;
      if (outcome === "before") await project.dbOk(direction);
      expect(schemaOf(project)).toEqual(after);
    }
    expect(outcomes.before).toBeGreaterThan(0);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a rollback journal that a killed process left is rolled back",
  async () => {
    using project = makeProject();
    const live = project.join("live.db");
    using database = new Database(live);
    // With synchronous = OFF, SQLite marks the journal as complete before the commit.
    database.run("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA user_version = 1");
    database.run("BEGIN; CREATE TABLE unfinished (x)");
    for (const end of ["", "-journal"]) cpSync(live + end, project.database + end);
    expect((await project.db("status")).stderr).toBe("");
    await project.dbOk("up");
    expect(schemaOf(project).applied).toBe(2);
    expect(project.query("SELECT name FROM sqlite_schema WHERE name = 'unfinished'")).toEqual([]);
  },
  PROCESS_TIMEOUT,
);
