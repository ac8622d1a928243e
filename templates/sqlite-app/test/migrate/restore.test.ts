// A restore while other processes write: each of their writes is in a kept database or in the current one.
import { Database } from "bun:sqlite";
import { expect, mock, test } from "bun:test";
import * as fs from "node:fs";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { MigrateError } from "../../src/migrate/errors.ts";
import { readFolder } from "../../src/migrate/files.ts";
import { SqliteTarget } from "../../src/migrate/sqlite.ts";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

const RESTORES = 20;

/**
 * A script that runs until it is killed. It opens the database, writes a number, closes the database, and prints
 * the number. After a success it pauses, so that a restore can begin; after an error it retries immediately.
 */
const WRITER = `
  const { Database } = require("bun:sqlite");
  for (let i = 1; ; i += 1) {
    try {
      using database = new Database(process.argv[1]);
      if (i % 2 === 0) database.run("PRAGMA journal_mode = WAL");
      database.run("INSERT INTO a VALUES (?)", [String(i)]);
      console.log(i);
      database.close();
      Bun.sleepSync(20);
    } catch (error) {
      if (!error.code?.startsWith("SQLITE_")) throw error;
    }
  }`;

function written(file: string): string[] {
  using database = new Database(file);
  return database.query("SELECT x FROM a").values().flat().map(String);
}

test(
  "writes of other processes before a restore are kept, and later ones are in the new database",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    project.query("INSERT INTO b VALUES (hex(randomblob(10000000)))");
    const backup = project.join("backup.db");
    await project.dbOk("backup", backup);
    const { migrations } = await readFolder(project.migrations, "sqlite");
    await using target = new SqliteTarget(project.database);
    const writer = Bun.spawn([process.execPath, "-e", WRITER, project.database], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const acknowledged: string[] = [];
    const reading = (async () => {
      for await (const chunk of writer.stdout)
        acknowledged.push(...Buffer.from(chunk).toString().trim().split("\n"));
    })();
    let restored = 0;
    try {
      while (restored < RESTORES) {
        await target
          .restore(backup, migrations, () => true)
          .then(
            () => {
              restored += 1;
            },
            (error: unknown) => {
              expect(error).toBeInstanceOf(MigrateError);
              expect(String(error)).toContain("in use");
            },
          );
        const { length } = acknowledged;
        while (acknowledged.length === length) await Bun.sleep(1);
      }
    } finally {
      writer.kill("SIGKILL");
      await writer.exited;
    }
    await reading;
    const kept = readdirSync(project.join("data"), { recursive: true }).map(String);
    const files = kept.filter(
      (name) => /(?:app|replaced)[^/]*$/.test(name) && !/-(?:wal|shm|journal)$/.test(name),
    );
    const found = new Set(files.flatMap((name) => written(project.join("data", name))));
    expect(acknowledged.length).toBeGreaterThan(RESTORES);
    expect(acknowledged.filter((number) => !found.has(number))).toEqual([]);
  },
  PROCESS_TIMEOUT,
);

test(
  "the WAL of a deleted database is not replayed into the restored one",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    const backup = project.join("backup.db");
    await project.dbOk("backup", backup);
    const crash = `
      const { Database } = require("bun:sqlite");
      const database = new Database(process.argv[1]);
      database.run("INSERT INTO a VALUES ('lost')");
      process.kill(process.pid, "SIGKILL");`;
    await Bun.spawn([process.execPath, "-e", crash, project.database]).exited;
    renameSync(project.database, project.join("gone.db"));
    const { kept } = (await project.dbOk("restore", backup, "--json")).json();
    expect(kept).toEndWith("-wal");
    expect(readFileSync(String(kept)).includes("lost")).toBe(true);
    expect(project.query("SELECT x FROM a")).toEqual([]);
    await project.dbOk("validate");
  },
  PROCESS_TIMEOUT,
);

test(
  "on a file system without hard links, the replaced database is kept, too",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    const backup = project.join("backup.db");
    await project.dbOk("backup", backup);
    project.query("INSERT INTO a VALUES ('kept')");
    const { migrations } = await readFolder(project.migrations, "sqlite");
    const real = { ...fs };
    const linkSync = () => {
      throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
    };
    mock.module("node:fs", () => ({ ...real, linkSync }));
    try {
      await using target = new SqliteTarget(project.database);
      const kept = await target.restore(backup, migrations, () => false);
      expect(written(String(kept))).toEqual(["kept"]);
      expect(written(project.database)).toEqual([]);
    } finally {
      mock.module("node:fs", () => real);
    }
  },
  PROCESS_TIMEOUT,
);

test(
  "a restore follows a symbolic link to the database, even if the database is missing",
  async () => {
    using project = new Project();
    project.writeThree();
    await project.dbOk("up");
    const backup = project.join("backup.db");
    await project.dbOk("backup", backup);
    project.query("INSERT INTO a VALUES ('kept')");
    mkdirSync(project.join("volume"));
    const volume = project.join("volume", "app.db");
    renameSync(project.database, volume);
    symlinkSync("../volume/app.db", project.database);
    const { kept } = (await project.dbOk("restore", backup, "--json")).json();
    expect(written(String(kept))).toEqual(["kept"]);
    expect(written(volume)).toEqual([]);
    rmSync(volume);
    await project.dbOk("restore", backup);
    expect(written(volume)).toEqual([]);
    expect(readdirSync(project.join("data"))).toEqual(["app.db"]);
  },
  PROCESS_TIMEOUT,
);
