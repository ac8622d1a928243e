// The message store in SQLite keeps the contract of the message store, and migrates older files.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { copyFile, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteMessages } from "./sqlite.ts";
import { testMessageStore } from "./store-contract.ts";

const folder = await mkdtemp(join(tmpdir(), "http-sse-store-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

testMessageStore({
  isShared: false,
  open: async (id, keep) => new SqliteMessages(join(folder, `${id}.db`), keep),
  remove: async () => undefined,
});

test("is not ready while its messages cannot be read", async () => {
  const file = join(folder, "unreadable.db");
  const messages = new SqliteMessages(file, 1000);
  await messages.ready();
  using db = new Database(file);
  db.run("ALTER TABLE messages RENAME TO moved");
  await expect(messages.ready()).rejects.toMatchObject({ status: 503 });
  messages.close();
});

test("a row whose data is not JSON is a message with that text", async () => {
  const file = join(folder, "edited.db");
  const messages = new SqliteMessages(file, 1000);
  const add = (text: string) => messages.append({ topic: "a", event: "message", data: { text } });
  const { message } = await add("before");
  const { message: next } = await add("next");
  using db = new Database(file);
  db.run("UPDATE messages SET data = 'edited' WHERE seq = 1");
  const edited = { ...message, data: { text: "edited" } };
  expect(await messages.get(message.id)).toEqual(edited);
  const page = await messages.read({ patterns: ["*"], after: undefined, limit: 10 });
  expect(page.messages).toEqual([edited, next]);
  expect(await messages.delete(message.id)).toBe(true);
  messages.close();
});

// Windows does not delete a file that is open.
test.skipIf(process.platform === "win32")(
  "acknowledges nothing after its file was deleted or replaced",
  async () => {
    const file = join(folder, "deleted.db");
    const messages = new SqliteMessages(file, 1000);
    const append = () => messages.append({ topic: "a", event: "message", data: {} });
    const { message } = await append();
    await rename(file, `${file}.moved`);
    for (const write of [append, () => messages.delete(message.id), () => messages.ready()]) {
      await expect(write()).rejects.toMatchObject({ status: 503 });
    }
    await copyFile(`${file}.moved`, file);
    await expect(append()).rejects.toMatchObject({ status: 503 });
    await rename(`${file}.moved`, file);
    expect((await append()).outcome).toBe("created");
    messages.close();
  },
);

test.each([3, 1500])("reads a prefix of %i messages, without its neighbors", async (count) => {
  const messages = new SqliteMessages(join(folder, `prefix-${count}.db`), 10_000);
  const add = (topic: string) => messages.append({ topic, event: "message", data: {} });
  const below = Array.from({ length: count }, (_, i) => add(["a/x", "a/x/y", "a/0"][i % 3] ?? ""));
  const expected = (await Promise.all(below)).map(({ message }) => message);
  await Promise.all(["a", "a-", "a.b", "a0", "a0/x", "a-/x", "b/x", "A/x"].map(add));
  const query = { patterns: ["a/*", "none/*"], limit: 9999 };
  expect((await messages.read({ ...query, after: undefined })).messages).toEqual(expected);
  expect(await messages.newest(query)).toEqual(expected);
  messages.close();
});

test("migrates a file of release 0.1, and refuses one of a newer service", async () => {
  const file = join(folder, "old.db");
  {
    using db = new Database(file);
    db.run(`CREATE TABLE messages (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, at TEXT NOT NULL, key TEXT UNIQUE
    ) STRICT`);
    db.run("CREATE TABLE log (epoch TEXT NOT NULL) STRICT");
    db.run("INSERT INTO log VALUES ('0badcafe')");
    const insert = db.query("INSERT INTO messages (text, at, key) VALUES (?, ?, ?)");
    for (const text of ["dropped", 'zero \0 "quote"', "🙂"]) {
      insert.run(text, "2026-01-01T00:00:00.000Z", text);
    }
    db.run("DELETE FROM messages WHERE seq = 1");
  }
  for (let starts = 0; starts < 2; starts++) {
    const messages = new SqliteMessages(file, 1000);
    const query = { patterns: ["*"], limit: 10 };
    const page = await messages.read({ ...query, after: "0badcafe-2" });
    expect(page).toMatchObject({
      hasGap: false,
      messages: [{ topic: "general", data: { text: "🙂" } }],
    });
    expect(await messages.newest(query)).toMatchObject([
      { id: "0badcafe-2", event: "message", data: { text: 'zero \0 "quote"' } },
      { id: "0badcafe-3", event: "message" },
    ]);
    const before = "0";
    expect((await messages.read({ ...query, after: before })).hasGap).toBe(true);
    const data = { text: "🙂" };
    const again = await messages.append({ topic: "general", event: "message", data, key: "🙂" });
    expect(again.outcome).toBe("repeated");
    messages.close();
  }
  {
    using db = new Database(file);
    db.run("PRAGMA user_version = 99");
  }
  expect(() => new SqliteMessages(file, 1000)).toThrow(/version 99/);
});
