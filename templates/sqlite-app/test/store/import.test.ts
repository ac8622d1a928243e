// An import on SQLite: its worker may exit, and its commit may have to wait for another process.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { parseEnv } from "#lib/env";
import { openMigrator, prepareSchema } from "../../src/database.ts";
import { databaseSchema } from "../../src/env.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { Folder } from "../folder.ts";

const IMPORT_WORKER = `${import.meta.dir}/../../src/store/import-worker`;
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
  const store = new SqliteStore(database, { importWorker: folder.join("worker.ts") });
  await expect(store.importArticles(1, lines())).rejects.toThrow("its worker exited");
  await store.ready();
  await store.close();
});

test("the store is not ready while an import waits for a lock of another process", async () => {
  const store = new SqliteStore(database, { importWorker: IMPORT_WORKER });
  const author = await store.createUser({ email: "a@example.com", name: "A", passwordHash: "" });
  using other = new Database(database);
  other.run("BEGIN IMMEDIATE");
  const posted = spyOn(Worker.prototype, "postMessage");
  const importing = store.importArticles(author?.id ?? 0, lines());
  const isCommitting = () =>
    posted.mock.calls.some(([message]) => !["open", "chunk", "end"].includes(message.type));
  while (!isCommitting()) await Bun.sleep(5);
  posted.mockRestore();

  const ready = store.ready().then(() => "ready");
  expect(await Promise.race([ready, Bun.sleep(200).then(() => "waiting")])).toBe("waiting");
  other.run("ROLLBACK");
  expect(await ready).toBe("ready");
  expect(await importing).toMatchObject({ imported: 1 });
  await store.close();
});
