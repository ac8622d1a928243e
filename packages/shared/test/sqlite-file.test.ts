// A database whose file, or write-ahead log, was deleted, replaced or emptied is not written to.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteFile } from "../src/sqlite-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sqlite-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Windows neither deletes nor replaces a file that is open.
test.skipIf(process.platform === "win32")("a file must be the one that was opened", () => {
  const path = join(folder, "app.db");
  using db = new Database(path);
  db.run("CREATE TABLE a (x)");
  const file = new SqliteFile(db);
  file.check();
  renameSync(path, `${path}.moved`);
  expect(() => file.check()).toThrow(expect.objectContaining({ status: 503 }));
  using other = new Database(path);
  other.run("CREATE TABLE a (x)");
  expect(() => file.check()).toThrow(expect.objectContaining({ status: 503 }));
  renameSync(`${path}.moved`, path);
  file.check();
  db.run("PRAGMA journal_mode = WAL");
  db.run("INSERT INTO a VALUES (1)");
  file.check();
  renameSync(`${path}-wal`, `${path}-wal.moved`);
  expect(() => file.check()).toThrow(expect.objectContaining({ status: 503 }));
  renameSync(`${path}-wal.moved`, `${path}-wal`);
  file.check();
  truncateSync(path);
  expect(() => file.check()).toThrow(expect.objectContaining({ status: 503 }));
});
