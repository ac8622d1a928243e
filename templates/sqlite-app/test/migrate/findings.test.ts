// `validate` and every command that changes the schema refuse invalid migrations, and name them.
import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { type FindingCode, MigrateError } from "../../src/migrate/errors.ts";
import { inspect, migrateDown, migrateUp, repair } from "../../src/migrate/index.ts";
import { SqliteTarget } from "../../src/migrate/sqlite.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

interface Case {
  /** Damages a project whose three migrations are applied. */
  readonly spoil: (project: Project) => void;
  readonly code: FindingCode;
  /** The name that the finding must contain. */
  readonly subject: string;
}

const CASES: Readonly<Record<string, Case>> = {
  "a changed file": {
    spoil: (project) => project.write("0002_b", "CREATE TABLE b (y TEXT) STRICT;"),
    code: "changed",
    subject: "0002_b",
  },
  "a renamed file": {
    spoil: ({ migrations }) =>
      renameSync(join(migrations, "0003_c.up.sql"), join(migrations, "0003_z.up.sql")),
    code: "changed",
    subject: "0003_c",
  },
  "a missing file": {
    spoil: (project) => project.remove("0002_b"),
    code: "missing",
    subject: "0002_b",
  },
  "a database newer than the code": {
    spoil: (project) => project.remove("0003_c"),
    code: "newer",
    subject: "0003_c",
  },
  "a file out of order": {
    spoil: (project) => project.query("DELETE FROM schema_migrations WHERE version = 2"),
    code: "out-of-order",
    subject: "0002_b",
  },
  "two files with the same number": {
    spoil: (project) => project.write("0003_d", "SELECT 1;"),
    code: "duplicate",
    subject: "0003_d",
  },
  "a gap": {
    spoil: (project) => project.write("0005_e", "SELECT 1;"),
    code: "gap",
    subject: "0005_e",
  },
  "a down file without its up file": {
    spoil: ({ migrations }) =>
      renameSync(join(migrations, "0003_c.down.sql"), join(migrations, "0004_c.down.sql")),
    code: "no-up",
    subject: "0004_c.down.sql",
  },
  "a file with an invalid name": {
    spoil: (project) => project.write("4-d", "SELECT 1;"),
    code: "bad-name",
    subject: "4-d.up.sql",
  },
  "a file that begins and commits a transaction": {
    spoil: (project) => project.write("0004_d", "BEGIN; SELECT 1; COMMIT;"),
    code: "statement",
    subject: "0004_d.up.sql",
  },
  "a database of another application": {
    spoil: (project) => project.query("PRAGMA application_id = 77"),
    code: "other-application",
    subject: "database",
  },
};

test.concurrent.each(Object.entries(CASES))(
  "%s is refused by name",
  async (_, { spoil, code, subject }) => {
    using project = new Project();
    project.writeThree();
    await using target = new SqliteTarget(project.database);
    const migrator = { target, directory: project.migrations };
    await migrateUp(migrator);
    spoil(project);
    const before = project.schema();
    const { findings } = await inspect(migrator);
    expect(findings).toContainEqual(expect.objectContaining({ code, subject }));
    for (const run of [() => migrateUp(migrator), () => migrateDown(migrator, 1)]) {
      const error = await run().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(MigrateError);
      expect(String(error)).toContain(subject);
    }
    expect(project.schema()).toEqual(before);
  },
);

test.concurrent(
  "commands exit with code 3, and repair accepts a changed file but not a missing one",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    project.write("0002_b", "CREATE TABLE b (y TEXT) STRICT;");
    for (const command of ["validate", "up", "down"]) {
      const { exitCode, stderr } = await project.db(command);
      expect({ command, exitCode }).toEqual({ command, exitCode: 3 });
      expect(stderr).toContain("0002_b");
    }
    expect((await project.dbOk("repair", "--json")).json()).toMatchObject({ repaired: ["0002_b"] });
    await project.dbOk("validate");
    project.remove("0003_c");
    const { exitCode, stderr } = await project.db("repair");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("0003_c");
  },
  PROCESS_TIMEOUT,
);

test.concurrent("repair also records whether the changed file is marked as compatible", async () => {
  using project = new Project();
  project.writeThree();
  await using target = new SqliteTarget(project.database);
  const migrator = { target, directory: project.migrations };
  await migrateUp(migrator);
  const compatible = async () => (await inspect(migrator)).ledger.map((row) => row.compatible);
  project.write("0003_c", "-- migrate: compatible\nCREATE TABLE c (x TEXT);");
  await repair(migrator);
  expect(await compatible()).toEqual([false, false, true]);
  project.write("0003_c", "CREATE TABLE c (x TEXT); -- not compatible");
  await repair(migrator);
  expect(await compatible()).toEqual([false, false, false]);
});

test.concurrent("of two files with the same number, the applied one is not mistaken for the other", async () => {
  using project = new Project();
  project.writeThree();
  await using target = new SqliteTarget(project.database);
  const migrator = { target, directory: project.migrations };
  await migrateUp(migrator);
  project.write("0003_z", "SELECT 1;");
  const { findings } = await inspect(migrator);
  expect(findings.map(({ code }) => code)).toEqual(["duplicate"]);
  expect(await repair(migrator).catch(String)).toContain("0003_z");
  expect(project.query("SELECT name FROM schema_migrations WHERE version = 3")).toEqual([
    { name: "0003_c" },
  ]);
});

test.concurrent("a migration without a down file, or whose down file has no statement, can't be reverted", async () => {
  using project = new Project();
  project.writeThree();
  project.write("0004_d", "SELECT 1;");
  await using target = new SqliteTarget(project.database);
  const migrator = { target, directory: project.migrations };
  await migrateUp(migrator);
  const revert = () => migrateDown(migrator, 2).catch(String);
  expect(await revert()).toContain("0004_d has no down file");
  project.write("0004_d", "SELECT 1;", "-- Write the SQL.\n");
  expect(await revert()).toContain("0004_d has a down file without a stat");
  expect(project.query("SELECT version FROM schema_migrations")).toHaveLength(4);
});
