// Several processes migrate at the same time: each migration is applied once, and no process fails.
import { expect, test } from "bun:test";
import type { Call } from "../../src/cli/command.ts";
import { up } from "../../src/cli/migrations.ts";
import { migrateUp } from "../../src/migrate/index.ts";
import { SqliteTarget } from "../../src/migrate/sqlite.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

const PROCESSES = 8;

test(
  `${PROCESSES} processes migrate one database, and each migration is applied once`,
  async () => {
    using project = new Project();
    project.write("0001_log", "CREATE TABLE log (migration TEXT) STRICT;", "DROP TABLE log;");
    for (const version of [2, 3, 4]) {
      project.write(`000${version}_step`, `INSERT INTO log VALUES ('${version}');`, "SELECT 1;");
    }
    const runs = await Promise.all(
      Array.from({ length: PROCESSES }, () => project.db("up", "--json")),
    );
    expect(runs.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      runs.map(() => ({ exitCode: 0, stderr: "" })),
    );
    const results = runs.flatMap(
      ({ json }) => json().done as { migration: string; result: string }[],
    );
    const done = results
      .filter(({ result }) => result === "done")
      .map(({ migration }) => migration);
    expect(done.sort()).toEqual(["0001_log", "0002_step", "0003_step", "0004_step"]);
    expect(project.query("SELECT migration FROM log ORDER BY rowid")).toEqual([
      { migration: "2" },
      { migration: "3" },
      { migration: "4" },
    ]);
  },
  PROCESS_TIMEOUT,
);

test("migrations that another process has applied are not counted as applied", async () => {
  using project = new Project();
  project.writeThree();
  await project.dbOk("up");
  /** Plans before the other process has migrated. */
  class EarlyTarget extends SqliteTarget {
    override async readState() {
      return { ledger: [], tables: 0, otherOwner: undefined };
    }
  }
  const migrator = { target: new EarlyTarget(project.database), directory: project.migrations };
  const { text } = await up.run({ migrator } as unknown as Call);
  expect(text).toMatch(/skipped {2}0003_c.*\n0 applied$/);
});

test("while another connection holds the lock, a migration waits without blocking the thread", async () => {
  using project = new Project();
  project.writeThree();
  using other = project.open();
  other.run("BEGIN IMMEDIATE");
  await using target = new SqliteTarget(project.database);
  const migrated = migrateUp({ target, directory: project.migrations });
  await Bun.sleep(300); // Longer than one attempt. A blocked thread would never reach the COMMIT.
  other.run("COMMIT");
  expect(await migrated).toMatchObject({ done: [{}, {}, {}], failed: null });
});
