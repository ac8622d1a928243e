// Foreign keys in a migration: a rebuild keeps the rows that refer to the table, and an orphan prevents the commit.
import { expect, test } from "bun:test";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

const TABLES = `
  CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE) STRICT;
  INSERT INTO parent VALUES (1), (2);
  INSERT INTO child VALUES (10, 1), (20, 2);`;

test.concurrent(
  "a table rebuild deletes nothing by cascade",
  async () => {
    using project = new Project();
    project.write("0001_tables", TABLES);
    project.write(
      "0002_rebuild",
      `CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '') STRICT;
       INSERT INTO parent_new (id) SELECT id FROM parent;
       DROP TABLE parent;
       ALTER TABLE parent_new RENAME TO parent;`,
    );
    await project.dbOk("up");
    expect(project.query("SELECT id, parent FROM child")).toEqual([
      { id: 10, parent: 1 },
      { id: 20, parent: 2 },
    ]);
    using database = project.open();
    database.run("PRAGMA foreign_keys = ON");
    database.run("DELETE FROM parent WHERE id = 1");
    expect(database.query("SELECT id FROM child").all()).toEqual([{ id: 20 }]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a migration that leaves an orphan is rolled back, and the message names the row",
  async () => {
    using project = new Project();
    project.write("0001_tables", TABLES);
    project.write("0002_orphan", "DELETE FROM parent WHERE id = 2;");
    const { exitCode, stderr } = await project.db("up");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Row 20 of child");
    expect(project.query("SELECT id FROM parent")).toHaveLength(2);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "an orphan that was there before is reported by validate, and blocks no migration that does not touch it",
  async () => {
    using project = new Project();
    project.write("0001_tables", TABLES);
    await project.dbOk("up");
    project.query("INSERT INTO child VALUES (30, 99)"); // Foreign keys are off, as in the sqlite3 shell.
    const { exitCode, stderr } = await project.db("validate");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("Row 30 of child refers to a row of parent");
    project.write("0002_tags", "CREATE TABLE tag (id INTEGER PRIMARY KEY) STRICT;");
    await project.dbOk("up");
    project.write("0003_more", "INSERT INTO child VALUES (40, 98);");
    expect((await project.db("up")).stderr).toContain("Row 40 of child");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a migration outside a transaction is not done while there are more orphans than before its first run",
  async () => {
    using project = new Project();
    project.write("0001_tables", TABLES);
    await project.dbOk("up");
    project.query("INSERT INTO child VALUES (30, 99)"); // An old orphan, which stays.
    const orphan = "-- migrate: no-transaction\nDELETE FROM parent WHERE id = 2;";
    project.write("0002_orphan", orphan);
    for (let run = 0; run < 2; run += 1) {
      const { exitCode, stderr } = await project.db("up");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("of child refers to a row of parent");
    }
    expect((await project.db("status")).stdout).toContain("applying  0002_orphan");
    project.write("0002_orphan", `${orphan}\nDELETE FROM child WHERE parent = 2; VACUUM;`);
    await project.dbOk("up");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a retry of the first migration outside a transaction does not accept orphans of an earlier run",
  async () => {
    using project = new Project();
    const drop =
      "-- migrate: no-transaction\nDROP TABLE IF EXISTS child; DROP TABLE IF EXISTS parent;";
    project.write("0001_tables", `${drop}\n${TABLES}\nDELETE FROM parent WHERE id = 2;`);
    for (let run = 0; run < 2; run += 1) {
      expect((await project.db("up")).stderr).toContain("of child refers to a row of parent");
    }
    project.write("0001_tables", `${drop}\n${TABLES}`);
    await project.dbOk("up");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a foreign key that cannot be checked is reported by validate, and blocks no other migration",
  async () => {
    using project = new Project();
    project.write("0001_tables", TABLES);
    await project.dbOk("up");
    project.query("CREATE TABLE label (text TEXT)");
    project.query("CREATE TABLE tag (label TEXT REFERENCES label (text))");
    const { exitCode, stderr } = await project.db("validate");
    expect(exitCode).toBe(3);
    expect(stderr).toContain('foreign key mismatch - "tag" referencing "label"');
    project.write("0002_note", "CREATE TABLE note (label TEXT REFERENCES label (text));");
    expect((await project.db("up")).stderr).toContain("The foreign keys of note");
    project.write("0002_note", "CREATE TABLE note (id INTEGER PRIMARY KEY) STRICT;");
    project.write("0003_repair", "CREATE UNIQUE INDEX label_text ON label (text);");
    await project.dbOk("up");
    await project.dbOk("validate");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "if the table of an old orphan is renamed, the error says that the orphan is old",
  async () => {
    using project = new Project();
    project.write("0001_tables", TABLES);
    await project.dbOk("up");
    project.query("INSERT INTO child VALUES (30, 99)");
    project.write("0002_rename", "ALTER TABLE child RENAME TO kid;");
    const { stderr } = await project.db("up");
    expect(stderr).toContain("Row 30 of kid");
    expect(stderr).toContain("The database had such problems before.");
  },
  PROCESS_TIMEOUT,
);
