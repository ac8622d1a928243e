// The idempotency keys: the latest ones are known, also after a restart, and memory is bounded.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { migrate } from "../src/features/chat/room-log/migrations.ts";
import { RecentKeys } from "../src/features/chat/room-log/recent-keys.ts";

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
    keys.add("ada", `k${offset}`, { room: "general", offset });
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

test("the key of a trimmed event is known after a restart", () => {
  const { db, insert } = open();
  db.run("INSERT INTO keys (user, key, room, offset) VALUES ('ada', 'old', 'general', 1)");
  insert("ada", "new", 2);
  const keys = new RecentKeys(db, LIMIT);
  expect(keys.find("ada", "old")?.offset).toBe(1);
  expect(keys.find("ada", "new")?.offset).toBe(2);
});

test("a key of a transaction that was rolled back is unknown, and the others are still known", () => {
  const { keys } = open();
  for (let offset = 1; offset < LIMIT; offset++) {
    keys.add("ada", `k${offset}`, { room: "general", offset });
    keys.commit();
  }
  for (const user of ["ada", "bob"]) keys.add(user, "k", { room: "general", offset: LIMIT });
  expect(keys.find("bob", "k")).toBeDefined();
  keys.rollback();
  for (const user of ["ada", "bob"]) expect(keys.find(user, "k")).toBeUndefined();
  expect(keys.find("ada", "k1")?.offset).toBe(1);
});

test("keys of different senders do not collide", () => {
  const { keys } = open();
  keys.add("a", "b c", { room: "general", offset: 1 });
  expect(keys.find("b", "b c")).toBeUndefined();
  expect(keys.find("a", "b")).toBeUndefined();
});
