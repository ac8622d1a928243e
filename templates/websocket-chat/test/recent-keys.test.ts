// The idempotency keys: the latest ones are known, also after a restart, and memory is bounded.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { RecentKeys } from "../src/features/chat/store/recent-keys.ts";

const LIMIT = 20;

function open() {
  const db = new Database(":memory:", { strict: true });
  db.run(
    "CREATE TABLE keys (id INTEGER PRIMARY KEY, sender TEXT, key TEXT, room TEXT, offset INTEGER)",
  );
  const rows = () =>
    db.query<{ rows: number }, []>("SELECT count(*) AS rows FROM keys").get()?.rows;
  return { db, rows, keys: new RecentKeys(db, LIMIT) };
}

test("the latest keys are known, and memory and table are bounded", () => {
  const { db, rows, keys } = open();
  for (let offset = 1; offset <= 10 * LIMIT; offset++) {
    keys.add("ada", `k${offset}`, { room: "general", offset });
    for (let known = Math.max(1, offset - LIMIT + 1); known <= offset; known++) {
      expect(keys.find("ada", `k${known}`)).toEqual({ room: "general", offset: known });
    }
    expect(keys.find("ada", `k${offset - 2 * LIMIT}`)).toBeUndefined();
    expect(rows()).toBeLessThanOrEqual(1.2 * LIMIT);
  }
  const next = new RecentKeys(db, LIMIT);
  expect(next.find("ada", `k${9 * LIMIT + 1}`)?.offset).toBe(9 * LIMIT + 1);
});

test("a key of a transaction that was rolled back is unknown after a reload", () => {
  const { db, keys } = open();
  const fail = db.transaction(() => {
    keys.add("ada", "k", { room: "general", offset: 1 });
    throw new Error("disk full");
  });
  expect(fail).toThrow("disk full");
  keys.reload();
  expect(keys.find("ada", "k")).toBeUndefined();
});

test("keys of different senders do not collide", () => {
  const { keys } = open();
  keys.add("a", "b c", { room: "general", offset: 1 });
  expect(keys.find("b", "b c")).toBeUndefined();
  expect(keys.find("a", "b")).toBeUndefined();
});
