// An import on SQLite whose worker exits, or whose commit waits for another process.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { parseEnv } from "#lib/env";
import { databaseSchema } from "../../src/env.ts";
import { SqliteTransfer } from "../../src/features/transfer/sqlite.ts";
import { SqliteUsers } from "../../src/features/users/sqlite.ts";
import { openMigrator, prepareSchema } from "../../src/migrator.ts";
import { SqliteDatabase } from "../../src/store/sqlite.ts";
import { Folder } from "../folder.ts";

const IMPORT_WORKER = `${import.meta.dir}/../../src/features/transfer/import-worker`;
let folder: Folder;
let database: string;

beforeEach(async () => {
  folder = new Folder();
  const env = parseEnv(databaseSchema, { DATA_DIR: folder.path });
  await prepareSchema(env, { migrate: true });
  await using target = openMigrator(env).target;
  database = target.location;
});
afterEach(() => folder[Symbol.dispose]());

async function* lines() {
  yield Buffer.from('{"title":"t","body":"b"}\n');
}

test("an import whose worker exits without an error fails", async () => {
  await Bun.write(folder.join("worker.ts"), "self.onmessage = () => process.exit();\n");
  const open = new SqliteDatabase(database, 20_000);
  const transfer = new SqliteTransfer(open, folder.join("worker.ts"));
  await expect(transfer.importArticles(1, lines())).rejects.toThrow("its worker exited");
  await open.ready();
  await open.close();
});

test("the store is not ready while an import waits for a lock of another process", async () => {
  const open = new SqliteDatabase(database, 20_000);
  const user = { email: "a@example.com", name: "A", passwordHash: "" };
  const author = await new SqliteUsers(open).createUser(user);
  const transfer = new SqliteTransfer(open, IMPORT_WORKER);
  using other = new Database(database);
  other.run("BEGIN IMMEDIATE");
  const posted = spyOn(Worker.prototype, "postMessage");
  const importing = transfer.importArticles(author?.id ?? 0, lines());
  const isCommitting = () =>
    posted.mock.calls.some(
      ([message]) => !["open", "chunk", "finish-staging"].includes(message.type),
    );
  while (!isCommitting()) await Bun.sleep(5);
  posted.mockRestore();

  const ready = open.ready().then(() => "ready");
  expect(await Promise.race([ready, Bun.sleep(200).then(() => "waiting")])).toBe("waiting");
  other.run("ROLLBACK");
  expect(await ready).toBe("ready");
  expect(await importing).toMatchObject({ imported: 1 });
  await open.close();
});

test("after an import its pages are copied from the WAL to the database", async () => {
  const open = new SqliteDatabase(database, 20_000);
  const user = { email: "a@example.com", name: "A", passwordHash: "" };
  const author = await new SqliteUsers(open).createUser(user);
  async function* manyLines() {
    const line = `${JSON.stringify({ title: "t", body: "word ".repeat(200) })}\n`;
    for (let i = 0; i < 20; i += 1) yield Buffer.from(line.repeat(100));
  }
  const transfer = new SqliteTransfer(open, IMPORT_WORKER);
  expect(await transfer.importArticles(author?.id ?? 0, manyLines())).toMatchObject({
    imported: 2000,
  });
  while (Bun.file(database).size < 2 * 1024 * 1024) await Bun.sleep(20);
  await open.close();
});
