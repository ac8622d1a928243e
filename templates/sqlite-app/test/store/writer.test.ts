// Writes run one at a time, in order, and wait for a limited time.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, renameSync, statSync } from "node:fs";
import { StoreBusyError } from "../../src/store/busy.ts";
import { connect } from "../../src/store/connection.ts";
import { SqliteDatabase } from "../../src/store/sqlite.ts";
import { Folder } from "../folder.ts";

function open(folder: Folder, timeoutMs = 20_000) {
  const path = folder.join("app.db");
  const other = connect(path, { create: true, busyTimeout: 0 });
  other.run("CREATE TABLE IF NOT EXISTS log (entry TEXT) STRICT");
  const database = new SqliteDatabase(path, timeoutMs);
  const INSERT = "INSERT INTO log VALUES (?)";
  return {
    database,
    /** Writes on another connection, without the queue. */
    log: (entry: string) => other.run(INSERT, [entry]),
    write: (entry: string) => database.write((writer) => writer.run(INSERT, [entry])),
    entries: () => other.query("SELECT entry FROM log").values().flat(),
  };
}

test("a write waits for the previous one, and one that throws leaves nothing", async () => {
  using folder = new Folder();
  const { database, log, write, entries } = open(folder);
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  const first = database.runExclusive(async () => {
    await gate;
    log("first");
  });
  const second = write("second");
  const third = database.write((writer) => {
    writer.run("INSERT INTO log VALUES ('third')");
    throw new Error("never mind");
  });
  const fourth = write("fourth");
  openGate();
  expect(await third.catch(String)).toContain("never mind");
  await Promise.all([first, second, fourth]);
  expect(entries()).toEqual(["first", "second", "fourth"]);
});

// Windows neither deletes nor replaces a file that is open.
test.skipIf(process.platform === "win32")(
  "nothing is written to a file that was deleted or replaced",
  async () => {
    using folder = new Folder();
    const { database, write, entries } = open(folder);
    renameSync(database.path, folder.join("moved.db"));
    const status = (write: Promise<unknown>) =>
      write.then(
        () => "written",
        ({ status }) => status,
      );
    expect(await status(write("deleted"))).toBe(503);
    expect(await status(database.ready())).toBe(503);
    expect(await status(database.runExclusive(async () => undefined))).toBe(503);
    copyFileSync(folder.join("moved.db"), database.path);
    expect(await status(write("replaced"))).toBe(503);
    renameSync(folder.join("moved.db"), database.path);
    expect(await status(write("back"))).toBe("written");
    expect(entries()).toEqual(["back"]);
  },
);

test("a write that waits too long is refused, and the next one still waits", async () => {
  using folder = new Folder();
  const { database, log, write, entries } = open(folder, 20);
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  const long = database.runExclusive(async () => {
    await gate;
    log("long");
  });
  const error = await write("impatient").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreBusyError);
  const next = database.runExclusive(async () => void log("next"));
  openGate();
  await Promise.all([long, next]);
  expect(entries()).toEqual(["long", "next"]);
});

test("during exclusive work, the database is ready once the work holds the lock", async () => {
  using folder = new Folder();
  const { database } = open(folder);
  const started = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const importing = database.runExclusive(async (onLocked) => {
    started.resolve();
    onLocked();
    await end.promise;
  });
  await started.promise;
  await database.ready(); // Resolves before the work ends.
  end.resolve();
  await importing;
  await database.ready();

  const restarted = Promise.withResolvers<void>();
  const failure = Promise.withResolvers<void>();
  const failing = database.runExclusive(() => {
    restarted.resolve();
    return failure.promise;
  });
  await restarted.promise;
  const results = Promise.all([failing.catch(String), database.ready().catch(String)]);
  failure.reject(new Error("still busy"));
  expect(await results).toEqual(["Error: still busy", "Error: still busy"]);
});

test("a write waits for another process without blocking the thread, up to its timeout", async () => {
  using folder = new Folder();
  const { write, entries } = open(folder);
  const { write: impatientWrite } = open(folder, 20);
  using other = new Database(folder.join("app.db"));
  other.run("BEGIN IMMEDIATE");
  const waiting = write("waited");
  await Bun.sleep(30);
  other.run("COMMIT");
  await waiting;
  expect(entries()).toEqual(["waited"]);
  other.run("BEGIN IMMEDIATE");
  const error = await impatientWrite("impatient").catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreBusyError);
  other.run("ROLLBACK");
});

test("the WAL shrinks after a large transaction", async () => {
  using folder = new Folder();
  const { log } = open(folder);
  const size = () => statSync(folder.join("app.db-wal")).size;
  const MIB = 1024 * 1024;
  log("x".repeat(80 * MIB));
  expect(size()).toBeGreaterThan(80 * MIB);
  log("next");
  expect(size()).toBeLessThanOrEqual(64 * MIB);
});

test("the check whether the database accepts writes keeps its user_version", async () => {
  using folder = new Folder();
  open(folder);
  const database = new SqliteDatabase(folder.join("app.db"), 20_000);
  await database.write((writer) => writer.run("PRAGMA user_version = 7"));
  await database.ready();
  const version = database.read((reader) => reader.query("PRAGMA user_version").values());
  expect(version).toEqual([[7]]);
  await database.close();
});

test("a read sees a write of the same tick, also one that another connection commits", async () => {
  using folder = new Folder();
  const { log } = open(folder);
  const database = new SqliteDatabase(folder.join("app.db"), 20_000);
  const count = () =>
    database.read((reader) => reader.query("SELECT count(*) FROM log").values()[0]?.[0]);
  expect(count()).toBe(0);
  await database.write((writer) => writer.run("INSERT INTO log VALUES ('one')"));
  expect(count()).toBe(1);
  await database.runExclusive(async () => log("two"));
  expect(count()).toBe(2);
  await database.close();
});
