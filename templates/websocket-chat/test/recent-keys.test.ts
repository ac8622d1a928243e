// The idempotency keys: the latest ones are known, also after a restart, and memory is bounded.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../src/features/chat/room-log/migrations.ts";
import { RecentKeys } from "../src/features/chat/room-log/recent-keys.ts";
import type { Draft } from "../src/features/chat/room-log/room-log.ts";
import { SqliteRoomLog } from "../src/features/chat/room-log/sqlite.ts";
import { LIMITS } from "../src/limits.ts";
import { Recorder } from "./stores.ts";

const LIMIT = 20;

function open() {
  const db = new Database(":memory:", { strict: true });
  migrate(db);
  const insert = (user: string, key: string, offset: number) =>
    db.run(
      `INSERT INTO events (room, offset, user, key, frame) VALUES ('general', ?, ?, ?, '{}')`,
      [offset, user, key],
    );
  return { db, insert, keys: new RecentKeys(db, LIMIT) };
}

test("the latest keys are known, and memory is bounded", () => {
  const { db, insert, keys } = open();
  for (let offset = 1; offset <= 10 * LIMIT; offset++) {
    insert("ada", `k${offset}`, offset);
    keys.add({ from: { id: "ada" }, key: `k${offset}` }, { room: "general", offset });
    keys.commit();
    for (let known = Math.max(1, offset - LIMIT + 1); known <= offset; known++) {
      expect(keys.find("ada", `k${known}`)).toEqual({ room: "general", offset: known });
    }
    expect(keys.find("ada", `k${offset - 2 * LIMIT}`)).toBeUndefined();
  }
  const next = new RecentKeys(db, LIMIT);
  expect(next.find("ada", `k${9 * LIMIT + 1}`)?.offset).toBe(9 * LIMIT + 1);
  expect(next.find("ada", `k${9 * LIMIT}`)).toBeUndefined();
});

test("after a restart the keys of the newest events are known, trimmed or not", () => {
  const { db, insert } = open();
  for (let id = 1; id <= 2 * LIMIT; id++) insert("quiet", `k${id}`, id);
  // The events after them were trimmed, except for the last one.
  const ids = Array.from({ length: LIMIT }, (_, i) => 2 * LIMIT + i + 1);
  const addKey = db.query("INSERT INTO keys VALUES (?, 'busy', ?, 'general', ?)");
  for (const id of ids.slice(0, -1)) addKey.run(id, `k${id}`, id);
  db.run(
    "INSERT INTO events (id, room, offset, user, key) VALUES (60, 'general', 60, 'busy', 'k60')",
  );
  const keys = new RecentKeys(db, LIMIT);
  expect(ids.map((id) => keys.find("busy", `k${id}`)?.offset)).toEqual(ids);
  expect(keys.find("quiet", `k${2 * LIMIT}`)).toBeUndefined();
});

test("a trimmed event leaves its key, with the id of the event", async () => {
  const directory = await mkdtemp(join(tmpdir(), "chat-keys-"));
  const log = new SqliteRoomLog(join(directory, "chat.db"), new Recorder());
  const send = (room: string, count: number) => {
    const from = { id: "ada", name: "Ada" };
    const drafts = Array.from({ length: count }, (_, i): Draft => {
      return { type: "chat", room, from, at: "", text: "text", key: `${room}-${i + 1}` };
    });
    return Promise.all(drafts.map((draft) => log.append(draft)));
  };
  await send("quiet", 3);
  await send("busy", LIMITS.messages + 500);
  const keys = log.db.query("SELECT id, key, offset FROM keys").all();
  expect(keys).toHaveLength(500);
  expect(keys).toContainEqual({ id: 503, key: "busy-500", offset: 500 });
  await log.close();
  await rm(directory, { recursive: true });
});

// #region reactions
test("the keys of events that change nothing are as many as those of other events", async () => {
  const directory = await mkdtemp(join(tmpdir(), "chat-keys-"));
  const log = new SqliteRoomLog(join(directory, "chat.db"), new Recorder());
  const from = { id: "ada", name: "Ada" };
  const base = { room: "general", from, at: "" };
  await log.append({ ...base, type: "chat", text: "text", key: "chat" });
  const count = LIMITS.keys + 1000;
  const drafts = Array.from({ length: count }, (_, i): Draft => {
    return { ...base, type: "react", target: 1, emoji: "👍", on: false, key: `k${i + 1}` };
  });
  await Promise.all(drafts.map((draft) => log.append(draft)));
  const { stored, oldest } = log.db
    .query<{ stored: number; oldest: number }, []>(
      "SELECT count(*) AS stored, min(id) AS oldest FROM keys",
    )
    .get() ?? { stored: 0, oldest: 0 };
  expect(stored).toBeGreaterThanOrEqual(LIMITS.keys);
  expect(stored).toBeLessThan(count);
  expect(log.db.query("SELECT key FROM keys WHERE id = ?").get(oldest)).toEqual({
    key: `k${count - stored + 1}`,
  });
  // After a restart, the ids go on after those of the keys.
  await log.close();
  const next = new SqliteRoomLog(join(directory, "chat.db"), new Recorder());
  await next.append({ ...base, type: "chat", text: "next", key: "next" });
  const { id } = next.db.query<{ id: number }, []>("SELECT max(id) AS id FROM events").get() ?? {
    id: 0,
  };
  expect(id).toBe(count + 2);
  await next.close();
  await rm(directory, { recursive: true });
});
// #endregion

test("a key of a transaction that was rolled back is unknown, and the others are still known", () => {
  const { keys } = open();
  for (let offset = 1; offset < LIMIT; offset++) {
    keys.add({ from: { id: "ada" }, key: `k${offset}` }, { room: "general", offset });
    keys.commit();
  }
  for (const user of ["ada", "bob"])
    keys.add({ from: { id: user }, key: "k" }, { room: "general", offset: LIMIT });
  expect(keys.find("bob", "k")).toBeDefined();
  keys.rollback();
  for (const user of ["ada", "bob"]) expect(keys.find(user, "k")).toBeUndefined();
  expect(keys.find("ada", "k1")?.offset).toBe(1);
});

test("keys of different senders do not collide", () => {
  const { keys } = open();
  keys.add({ from: { id: "a" }, key: "b c" }, { room: "general", offset: 1 });
  expect(keys.find("b", "b c")).toBeUndefined();
  expect(keys.find("a", "b")).toBeUndefined();
});
