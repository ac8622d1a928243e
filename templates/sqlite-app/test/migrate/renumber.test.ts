// If two branches used the same number, their migrations are never confused, and `renumber` resolves the conflict.
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renameFiles } from "../../src/migrate/renumber.ts";
import { Folder } from "../folder.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

const files = (project: Project) =>
  readdirSync(project.migrations)
    .filter((name) => name.endsWith(".up.sql"))
    .sort();

function branches(): Project {
  const project = new Project();
  project.write("0001_base", "CREATE TABLE base (x TEXT);", "DROP TABLE base;");
  project.write("0002_theirs", "CREATE TABLE theirs (x TEXT);", "DROP TABLE theirs;");
  return project;
}

test.concurrent(
  "the database ran 0002_theirs, and the code has 0002_mine and 0003_theirs",
  async () => {
    using project = branches();
    await project.dbOk("up");
    project.remove("0002_theirs");
    project.write("0002_mine", "CREATE TABLE mine (x TEXT);", "DROP TABLE mine;");
    project.write("0003_theirs", "CREATE TABLE theirs (x TEXT);", "DROP TABLE theirs;");
    for (const command of ["up", "validate", "repair"]) {
      const { exitCode, stderr } = await project.db(command);
      expect({ command, exitCode }).toEqual({ command, exitCode: 3 });
      expect(stderr).toContain("the file 0002_mine is another migration that has not run");
    }
    await project.dbOk("renumber");
    expect(files(project)).toEqual(["0001_base.up.sql", "0002_theirs.up.sql", "0003_mine.up.sql"]);
    await project.dbOk("up");
    await project.dbOk("validate");
    expect(project.query("SELECT * FROM mine")).toEqual([]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "both branches used the same number and the same name",
  async () => {
    using project = branches();
    project.write("0003_more", "CREATE TABLE more (x TEXT);");
    await project.dbOk("up");
    project.remove("0003_more");
    project.write("0002_theirs", "CREATE TABLE mine (x TEXT);", "DROP TABLE mine;");
    project.write("0003_theirs", "CREATE TABLE theirs (x TEXT);", "DROP TABLE theirs;");
    project.write("0004_more", "CREATE TABLE more (x TEXT);");
    for (const command of ["up", "repair"]) {
      const { exitCode, stderr } = await project.db(command);
      expect({ command, exitCode }).toEqual({ command, exitCode: 3 });
      expect(stderr).toContain("the file 0002_theirs is another migration that has not run");
    }
    await project.dbOk("renumber");
    await project.dbOk("up");
    await project.dbOk("validate");
    expect(project.query("SELECT * FROM mine")).toEqual([]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "after a merge, the one that has not run gets the next number, in the folder of each engine",
  async () => {
    using project = branches();
    await project.dbOk("up");
    project.write("0002_mine", "CREATE TABLE mine (x TEXT);", "DROP TABLE mine;");
    expect((await project.db("up")).stderr).toContain("renumber");
    expect((await project.dbOk("renumber", "--json")).json()).toMatchObject({
      renamed: [{ from: "0002_mine", to: "0003_mine" }],
    });
    await project.dbOk("up");
    expect((await project.dbOk("renumber")).stdout).toContain("nothing to renumber");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a name chooses the migration that gets the highest number, and an applied one is refused",
  async () => {
    using project = branches();
    await project.dbOk("up", "--to", "1");
    project.write("0002_mine", "CREATE TABLE mine (x TEXT);");
    await project.dbOk("renumber", "0002_theirs");
    expect(files(project)).toEqual(["0001_base.up.sql", "0002_mine.up.sql", "0003_theirs.up.sql"]);
    const { exitCode, stderr } = await project.db("renumber", "0001_base");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("is applied");
  },
  PROCESS_TIMEOUT,
);

test.each(["up", "down"])(
  "a new name whose %s file exists in one folder is refused, and nothing is renamed",
  (end) => {
    using folder = new Folder();
    const folders = [folder.join("one"), folder.join("other")] as const;
    for (const path of folders) {
      mkdirSync(path);
      writeFileSync(join(path, "0002_mine.up.sql"), "-- mine");
    }
    const taken = join(folders[1], `0003_mine.${end}.sql`);
    writeFileSync(taken, "-- another one");
    const rename = () => renameFiles(folders, [{ from: "0002_mine", to: "0003_mine" }]);
    expect(rename).toThrow(`${taken} already exists`);
    expect(readFileSync(taken, "utf8")).toBe("-- another one");
    expect(readdirSync(folders[0])).toEqual(["0002_mine.up.sql"]);
    rmSync(taken);
    rename();
    expect(folders.flatMap((path) => readdirSync(path))).toEqual([
      "0003_mine.up.sql",
      "0003_mine.up.sql",
    ]);
  },
);

test.concurrent(
  "of two applied migrations with the same text, the file of one does not get the name of the other",
  async () => {
    using project = branches();
    project.write("0003_again", "-- Nothing.", "-- Nothing.");
    project.write("0004_once_more", "-- Nothing.", "-- Nothing.");
    await project.dbOk("up");
    project.remove("0004_once_more");
    expect((await project.dbOk("renumber")).stdout).toContain("nothing to renumber");
    project.remove("0003_again");
    project.write("0004_once_more", "-- Nothing.", "-- Nothing.");
    expect((await project.dbOk("renumber")).stdout).toContain("nothing to renumber");
    expect(files(project)).toContain("0004_once_more.up.sql");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "what a killed renumber leaves is reported, so that no migration is missed",
  async () => {
    using project = branches();
    writeFileSync(join(project.migrations, "0003_mine.up.sql.renumber"), "SELECT 1;");
    const { exitCode, stderr } = await project.db("up");
    expect(exitCode).toBe(3);
    expect(stderr).toContain("0003_mine.up.sql.renumber: the name must look like");
  },
  PROCESS_TIMEOUT,
);
