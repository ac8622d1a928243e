// Reads that share a transaction: they see every write, and do not keep SQLite from resetting the WAL.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteReads } from "../src/sqlite-reads.ts";

const nextTick = () => new Promise((resolve) => setImmediate(resolve));

function openFile() {
  const folder = mkdtempSync(join(tmpdir(), "sqlite-reads-"));
  const file = join(folder, "app.db");
  const writer = new Database(file);
  writer.run("PRAGMA journal_mode = WAL");
  writer.run("PRAGMA synchronous = OFF");
  writer.run("CREATE TABLE log (text TEXT)");
  const reader = new Database(file, { readonly: true });
  const reads = new SqliteReads(reader);
  const add = (text: string) => writer.run("INSERT INTO log VALUES (?)", [text]);
  const count = () =>
    reads.read((db) => db.query<{ n: number }, []>("SELECT count(*) AS n FROM log").get()?.n);
  return {
    reader,
    reads,
    add,
    count,
    texts: () => reads.read((db) => db.query("SELECT text FROM log").all()),
    /** Overwrites all pages but the first, which has the schema. */
    damage() {
      writer.run("PRAGMA wal_checkpoint(TRUNCATE)");
      const pages = readFileSync(file).fill(0xff, 4096);
      writeFileSync(file, pages);
    },
    walBytes: () => statSync(`${file}-wal`).size,
    [Symbol.dispose]() {
      reads.close();
      writer.close();
      rmSync(folder, { recursive: true });
    },
  };
}

test("reads of one tick share a transaction, which ends with the tick", async () => {
  using file = openFile();
  file.add("one");
  expect(file.count()).toBe(1);
  expect(file.reader.inTransaction).toBe(true);
  await nextTick();
  expect(file.reader.inTransaction).toBe(false);
  file.add("two");
  expect(file.count()).toBe(2);
});

test("a read after `end` sees what was written since the first read of the tick", () => {
  using file = openFile();
  expect(file.count()).toBe(0);
  file.reads.end();
  file.add("one");
  expect(file.count()).toBe(1);
});

test("the WAL stays small although every write follows a read of the same tick", async () => {
  using file = openFile();
  const text = "x".repeat(10_000);
  for (let i = 0; i < 1200; i += 1) {
    file.count();
    file.reads.end();
    file.add(text);
    if (i % 100 === 0) await nextTick();
  }
  // SQLite checkpoints every 1000 pages of 4 KiB.
  expect(file.walBytes()).toBeLessThan(8 * 1024 * 1024);
});

test("a query that fails leaves the connection usable", async () => {
  using file = openFile();
  file.add("one");
  expect(() => file.reads.read((db) => db.query("SELECT * FROM missing").all())).toThrow("missing");
  expect(file.count()).toBe(1);
  await nextTick();
  expect(file.count()).toBe(1);
});

test("closing within a tick ends the transaction", async () => {
  using file = openFile();
  file.count();
  file.reads.close();
  await nextTick();
  expect(() => file.count()).toThrow();
});

test("a read of a damaged file throws, and the end of its transaction does not", async () => {
  using file = openFile();
  for (let i = 0; i < 1000; i += 1) file.add("x".repeat(100));
  file.damage();
  expect(() => file.texts()).toThrow("malformed");
  // An error here would be uncaught and fail the test.
  await nextTick();
  expect(file.reader.inTransaction).toBe(false);
  expect(() => file.texts()).toThrow("malformed");
  expect(() => file.reads.end()).not.toThrow();
});
