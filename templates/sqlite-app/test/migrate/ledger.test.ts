// A migration that changes the ledger is rolled back: otherwise, the record of the applied migrations would be lost.
import { expect, test } from "bun:test";
// #region postgres
import { onPostgres } from "../postgres.ts";
// #endregion
import { PROCESS_TIMEOUT, Project } from "../project.ts";

const CHANGES = [
  "DROP TABLE schema_migrations;",
  "CREATE TABLE d (x int); DELETE FROM schema_migrations WHERE version = 2;",
  "UPDATE schema_migrations SET checksum = 'x';",
];

async function refuseChanges(project: Project): Promise<void> {
  project.write("0001_a", "CREATE TABLE a (x int);");
  project.write("0002_b", "CREATE TABLE b (x int);");
  await project.dbOk("up");
  for (const change of CHANGES) {
    project.write("0003_c", change);
    const { exitCode, stderr } = await project.db("up");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("0003_c.up.sql: a migration may not change schema_migrations.");
    expect((await project.dbOk("status", "--json")).json()).toMatchObject({
      applied: [{ name: "0001_a" }, { name: "0002_b" }],
      pending: ["0003_c"],
    });
  }
}

test.concurrent(
  "a migration that changes the ledger is refused and rolled back",
  async () => {
    using project = new Project();
    await refuseChanges(project);
  },
  PROCESS_TIMEOUT,
);

// #region postgres
onPostgres((newDatabase) => {
  test.concurrent(
    "a migration that changes the ledger is refused and rolled back",
    async () => {
      using project = new Project("none", await newDatabase());
      await refuseChanges(project);
    },
    PROCESS_TIMEOUT,
  );
});
// #endregion
