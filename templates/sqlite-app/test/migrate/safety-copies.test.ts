// The copy from before a migration stays until the operator deletes it: it may be the only one with deleted data.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

/** A project whose second migration drops a column with data. */
async function dropping(mark: string): Promise<Project> {
  const project = new Project();
  project.write("0001_a", "CREATE TABLE a (x TEXT, y TEXT);");
  const up = `${mark}ALTER TABLE a DROP COLUMN y;`;
  project.write("0002_drop", up, `${mark}ALTER TABLE a ADD COLUMN y TEXT;`);
  await project.dbOk("up", "--to", "1");
  project.query("INSERT INTO a VALUES ('x', 'only here')");
  return project;
}

function readColumn(file: unknown): unknown[] {
  using copy = new Database(String(file), { readonly: true });
  return copy.query("SELECT y FROM a").values().flat();
}

for (const mark of ["", "-- migrate: no-transaction\n"]) {
  const kind = mark === "" ? "in a transaction" : "outside a transaction";

  test.concurrent(
    `a migration ${kind} that runs again after \`down\` keeps the copy of its first run`,
    async () => {
      using project = await dropping(mark);
      const first = (await project.dbOk("up", "--json")).json().backup;
      await project.dbOk("down");
      const second = (await project.dbOk("up", "--json")).json().backup;
      expect(readColumn(first)).toEqual(["only here"]);
      expect(readColumn(second)).toEqual([null]);
      await project.dbOk("down");
      await project.dbOk("up");
      expect(readColumn(first)).toEqual(["only here"]);
    },
    PROCESS_TIMEOUT,
  );

  test.concurrent(
    `a migration ${kind} that runs again after a restore keeps the copy of its first run`,
    async () => {
      using project = await dropping(mark);
      const older = project.join("older.backup");
      await project.dbOk("backup", older);
      project.query("UPDATE a SET y = 'newer'");
      const first = (await project.dbOk("up", "--json")).json().backup;
      await project.dbOk("restore", older);
      await project.dbOk("up");
      expect(readColumn(first)).toEqual(["newer"]);
    },
    PROCESS_TIMEOUT,
  );
}

test.concurrent(
  "a migration that fails before its commit leaves one copy, also after another one succeeded",
  async () => {
    using project = await dropping("");
    await project.dbOk("up");
    project.write("0003_fails", "CREATE TABLE b (x); bad;");
    for (let run = 0; run < 3; run += 1) expect((await project.db("up")).exitCode).toBe(1);
    expect(readdirSync(project.join("data", "backups")).sort()).toEqual([
      "before-up-0002_drop.1.db",
      "before-up-0003_fails.db",
    ]);
  },
  PROCESS_TIMEOUT,
);
