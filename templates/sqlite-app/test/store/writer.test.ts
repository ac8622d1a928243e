// The writer runs transactions one at a time, in order, and waits for a limited time.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { connect } from "../../src/store/connection.ts";
import { SqliteDatabase } from "../../src/store/sqlite.ts";
import { StoreBusyError, Writer } from "../../src/store/writer.ts";
import { Folder } from "../folder.ts";

function open(folder: Folder, timeoutMs = 20_000) {
  const database = connect(folder.join("app.db"), { create: true, busyTimeout: 0 });
  database.run("CREATE TABLE IF NOT EXISTS log (entry TEXT) STRICT");
  const log = (entry: string) => database.run("INSERT INTO log VALUES (?)", [entry]);
  const entries = () => database.query("SELECT entry FROM log").values().flat();
  return { writer: new Writer(database, timeoutMs), log, entries };
}

test("a transaction waits for the previous one, and one that throws leaves nothing", async () => {
  using folder = new Folder();
  const { writer, log, entries } = open(folder);
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  const first = writer.runExclusive(async () => {
    await gate;
    log("first");
  });
  const second = writer.transaction(() => log("second"));
  const third = writer.transaction(() => {
    log("third");
    throw new Error("never mind");
  });
  const fourth = writer.transaction(() => log("fourth"));
  openGate();
  expect(third).rejects.toThrow("never mind");
  await Promise.all([first, second, fourth]);
  expect(entries()).toEqual(["first", "second", "fourth"]);
});

test("a transaction that waits too long is refused, and the next one still waits", async () => {
  using folder = new Folder();
  const { writer, log, entries } = open(folder, 20);
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  const long = writer.runExclusive(async () => {
    await gate;
    log("long");
  });
  const error = await writer.transaction(() => log("impatient")).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreBusyError);
  const next = writer.runExclusive(async () => void log("next"));
  openGate();
  await Promise.all([long, next]);
  expect(entries()).toEqual(["long", "next"]);
});

test("`exclusiveLock` resolves once the work holds the lock", async () => {
  using folder = new Folder();
  const { writer } = open(folder);
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  const importing = writer.runExclusive(async (onLocked) => {
    onLocked();
    await gate;
  });
  while (!writer.exclusiveLock) await Bun.sleep(0);
  await writer.exclusiveLock; // Resolves before the work ends.
  openGate();
  await importing;
  expect(writer.exclusiveLock).toBeUndefined();

  const { promise: failure, reject: fail } = Promise.withResolvers<void>();
  const failing = writer.runExclusive(() => failure).catch(String);
  while (!writer.exclusiveLock) await Bun.sleep(0);
  const lock = writer.exclusiveLock.catch(String);
  fail(new Error("still busy"));
  expect(await Promise.all([failing, lock])).toEqual(["Error: still busy", "Error: still busy"]);
});

test("a transaction waits for another process without blocking the thread, up to its timeout", async () => {
  using folder = new Folder();
  const { writer, log, entries } = open(folder);
  using other = new Database(folder.join("app.db"));
  other.run("BEGIN IMMEDIATE");
  const waiting = writer.transaction(() => log("waited"));
  await Bun.sleep(30);
  other.run("COMMIT");
  await waiting;
  expect(entries()).toEqual(["waited"]);
  const { writer: impatient } = open(folder, 20);
  other.run("BEGIN IMMEDIATE");
  const error = await impatient.transaction(() => undefined).catch((reason: unknown) => reason);
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
