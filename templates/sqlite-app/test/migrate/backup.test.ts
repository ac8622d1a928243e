// A backup is complete or absent, also under writes. A restore replaces the database only with a verified backup.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { PROCESS_TIMEOUT, Project } from "../project.ts";

/** A project with sample data, which is created once and copied. */
let sample: Project;
beforeAll(async () => {
  sample = make();
  await sample.dbOk("up");
  sample.query("INSERT INTO note (text) VALUES ('one'), ('two'), ('three')");
}, PROCESS_TIMEOUT);
afterAll(() => sample[Symbol.dispose]());

/** A separate table, so that these tests do not depend on the migrations of this project. */
function make(): Project {
  const project = new Project();
  project.write("0001_note", "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);");
  project.write(
    "0002_search",
    "CREATE VIRTUAL TABLE note_search USING fts5 (text, content = 'note');",
  );
  return project;
}

function seeded(): Project {
  const project = make();
  cpSync(sample.database, project.database);
  return project;
}

const texts = (project: Project) => project.query("SELECT text FROM note ORDER BY id");

test.concurrent(
  "a restore brings back the rows of the backup, and keeps the replaced database",
  async () => {
    using project = seeded();
    const before = texts(project);
    const file = project.join("backup.db");
    await project.dbOk("backup", file);
    project.query("DELETE FROM note");
    const { ino } = statSync(project.database);
    const { kept } = (await project.dbOk("restore", file, "--json")).json();
    expect(texts(project)).toEqual(before);
    await project.dbOk("validate");
    // A hard link to the same file. Copying the file would release the lock before the file is replaced.
    expect(statSync(String(kept)).ino).toBe(ino);
    await project.dbOk("restore", String(kept));
    expect(texts(project)).toEqual([]);
    expect(readdirSync(project.path).filter((name) => name.includes("tmp"))).toEqual([]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a backup under continuous writes is one consistent state",
  async () => {
    using project = seeded();
    project.query("CREATE TABLE pair (a INTEGER, b INTEGER) STRICT");
    project.query("INSERT INTO pair VALUES (0, 0)");
    const writer = Bun.spawn(
      [
        process.execPath,
        "-e",
        `const { Database } = require("bun:sqlite");
         const database = new Database(process.argv[1]);
         database.run("PRAGMA busy_timeout = 10000");
         for (let i = 1; ; i += 1) {
           database.transaction(() => {
             database.run("UPDATE pair SET a = ?", [i]);
             database.run("INSERT INTO note (text) VALUES ('n')");
             database.run("UPDATE pair SET b = ?", [i]);
           }).immediate();
         }`,
        project.database,
      ],
      { stderr: "inherit" },
    );
    try {
      let written = 0;
      for (const name of ["one.db", "two.db", "three.db"]) {
        const file = project.join(name);
        await project.dbOk("backup", file);
        using database = new Database(file, { readonly: true });
        const pair = database.query<{ a: number; b: number }, []>("SELECT a, b FROM pair").get();
        const count = database
          .query<{ n: number }, []>("SELECT count(*) AS n FROM note WHERE text = 'n'")
          .get();
        expect(pair?.a).toBe(pair?.b ?? -1);
        expect(pair?.a).toBe(count?.n ?? -1);
        expect(pair?.a ?? 0).toBeGreaterThanOrEqual(written);
        written = pair?.a ?? 0;
      }
      expect(written).toBeGreaterThan(0);
    } finally {
      writer.kill("SIGKILL");
      await writer.exited;
    }
    await project.dbOk("restore", project.join("three.db"));
    expect(project.query("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a backup is readable by its owner only, and a restored file keeps the mode of the replaced one",
  async () => {
    using project = seeded();
    const file = project.join("backup.db");
    const mode = (path: string) => statSync(path).mode & 0o777;
    await project.dbOk("backup", file);
    expect(mode(file)).toBe(0o600);
    chmodSync(project.database, 0o640);
    await project.dbOk("restore", file);
    expect(mode(project.database)).toBe(0o640);
    using fresh = make();
    await fresh.dbOk("up");
    expect(mode(fresh.database)).toBe(0o600);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a backup never overwrites a file or the database",
  async () => {
    using project = seeded();
    for (const file of [project.database, project.join("migrations")]) {
      const { exitCode, stderr } = await project.db("backup", file);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("already exists");
    }
    expect((await project.db("backup", project.join("no", "folder.db"))).exitCode).toBe(1);
    expect(texts(project)).toHaveLength(3);
  },
  PROCESS_TIMEOUT,
);

const REFUSED: Record<string, (project: Project, file: string) => void | Promise<void>> = {
  "a file that does not exist": () => undefined,
  "a folder": (_, file) => void mkdirSync(file),
  "a text file": (_, file) => writeFileSync(file, "not a database".repeat(1000)),
  "an empty file": (_, file) => writeFileSync(file, ""),
  "half of a backup": async (project, file) => {
    await project.dbOk("backup", file);
    truncateSync(file, 20_000);
  },
  "a backup with a damaged page": async (project, file) => {
    await project.dbOk("backup", file);
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096 * 2, 4096 * 4);
    writeFileSync(file, bytes);
  },
  "a database of another application": (_, file) => {
    using other = new Project();
    other.query(`CREATE TABLE other (x)`);
    other.query(`VACUUM INTO '${file}'`);
  },
  "a backup that is newer than the code": async (project, file) => {
    project.write("0003_newer", "CREATE TABLE newer (x TEXT) STRICT;", "DROP TABLE newer;");
    await project.dbOk("up");
    await project.dbOk("backup", file);
    await project.dbOk("down");
    project.remove("0003_newer");
  },
};

test.concurrent.each(Object.entries(REFUSED))(
  "%s is not restored, and the database is unchanged",
  async (_, make) => {
    using project = seeded();
    const file = project.join("backup.db");
    await make(project, file);
    const before = readFileSync(project.database);
    const { exitCode, stderr } = await project.db("restore", file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("backup.db");
    expect(readFileSync(project.database).equals(before)).toBe(true);
    expect(texts(project)).toHaveLength(3);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a database that is in use is not replaced",
  async () => {
    using project = seeded();
    const file = project.join("backup.db");
    await project.dbOk("backup", file);
    using database = project.open();
    database.query("SELECT count(*) FROM note").get();
    const { exitCode, stderr } = await project.db("restore", file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Stop the service");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a damaged database is replaced after a confirmation, and the damaged file is kept",
  async () => {
    using project = seeded();
    const file = project.join("backup.db");
    await project.dbOk("backup", file);
    using running = project.open(); // A service may still have it open.
    running.query("SELECT count(*) FROM note").get();
    writeFileSync(project.database, "damaged");
    expect((await project.db("status")).stderr).toContain("not a SQLite database");
    const unasked = await project.db("restore", file);
    expect(unasked.exitCode).toBe(2);
    expect(unasked.stderr).toContain("Stop the service first");
    expect(readFileSync(project.database, "utf8")).toBe("damaged");
    const { kept } = (await project.dbOk("restore", file, "--yes", "--json")).json();
    expect(readFileSync(String(kept), "utf8")).toBe("damaged");
    expect(texts(project)).toHaveLength(3);
  },
  PROCESS_TIMEOUT,
);

test.skipIf(process.platform === "win32")(
  "with --json, also a terminal is not asked, so that the output is one JSON object",
  async () => {
    using project = seeded();
    const file = project.join("backup.db");
    await project.dbOk("backup", file);
    writeFileSync(project.database, "damaged");
    let output = "";
    const data = (_: unknown, bytes: Uint8Array) => {
      output += Buffer.from(bytes).toString();
    };
    const program = join(import.meta.dir, "../../src/db.ts");
    const child = Bun.spawn([process.execPath, program, "restore", file, "--json"], {
      cwd: project.path,
      env: project.env,
      terminal: { data },
    });
    expect(await child.exited).toBe(2);
    while (!output.endsWith("\n")) await Bun.sleep(10);
    expect(JSON.parse(output)).toMatchObject({ ok: false, error: { code: "usage" } });
    expect(readFileSync(project.database, "utf8")).toBe("damaged");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a migration that finds a damaged page names `db restore`",
  async () => {
    using project = seeded();
    const values = Array.from({ length: 100 }, () => "(hex(randomblob(500)))").join();
    project.query(`INSERT INTO note (text) VALUES ${values}`);
    const bytes = readFileSync(project.database);
    bytes.fill(0xff, bytes.length - 4096 * 4);
    writeFileSync(project.database, bytes);
    project.write(project.next("later"), "CREATE TABLE later (x TEXT);");
    const { exitCode, stderr } = await project.db("up");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("damaged");
    expect(stderr).toContain("Restore a backup with `bun run db restore <file>`.");
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "damage in a large value, which SQLite reports as a full disk, is reported as damage",
  async () => {
    using project = seeded();
    project.query("INSERT INTO note (text) VALUES (hex(randomblob(200000)))");
    const bytes = readFileSync(project.database);
    // The first bytes of an overflow page are the number of the next one, here 0xffffffff.
    bytes.fill(0xff, bytes.length - 4096 * 20, bytes.length - 4096 * 19);
    writeFileSync(project.database, bytes);
    project.write(project.next("copy"), "CREATE TABLE copy AS SELECT text FROM note;");
    for (const args of [["up"], ["backup", project.join("backup.db")]]) {
      const { exitCode, stderr } = await project.db(...args);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("the file is damaged");
      expect(stderr).toContain("Restore a backup with `bun run db restore <file>`.");
    }
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "of two backups to one file at the same time, one fails, and none is replaced",
  async () => {
    using project = seeded();
    const file = project.join("backup.db");
    const runs = await Promise.all([1, 2, 3].map(() => project.db("backup", file)));
    expect(runs.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1, 1]);
    for (const { exitCode, stderr } of runs) if (exitCode === 1) expect(stderr).toContain("exists");
    expect(readdirSync(project.path).filter((name) => name.startsWith("backup"))).toEqual([
      "backup.db",
    ]);
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a restore of a pipe or a folder is refused without waiting",
  async () => {
    using project = seeded();
    const pipe = project.join("pipe");
    expect(Bun.spawnSync(["mkfifo", pipe]).success).toBe(true);
    for (const file of [pipe, project.path]) {
      const { exitCode, stderr } = await project.db("restore", file);
      expect([exitCode, stderr]).toEqual([
        1,
        `${file} does not exist, or is not a regular file.\n`,
      ]);
    }
  },
  PROCESS_TIMEOUT,
);

test.concurrent(
  "a database without an applied migration is not backed up, because its backup could not be restored",
  async () => {
    using project = make();
    project.query("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
    const file = project.join("backup.db");
    const { exitCode, stderr } = await project.db("backup", file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("no applied migration");
    expect(existsSync(file)).toBe(false);
  },
  PROCESS_TIMEOUT,
);
