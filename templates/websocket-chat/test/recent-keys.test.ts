// The memory of keys: it holds what it promises, forgets the rest, and survives a restart.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { RecentKeys } from "../src/store/recent-keys.ts";

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

test("the latest keys are known, and neither memory nor table grow without end", () => {
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

test("what a failed transaction added is forgotten", () => {
  const { db, keys } = open();
  const fail = db.transaction(() => {
    keys.add("ada", "k", { room: "general", offset: 1 });
    throw new Error("disk full");
  });
  expect(fail).toThrow("disk full");
  keys.reload();
  expect(keys.find("ada", "k")).toBeUndefined();
});

test("a key belongs to its sender, whatever is in it", () => {
  const { keys } = open();
  keys.add("a", "b c", { room: "general", offset: 1 });
  expect(keys.find("b", "b c")).toBeUndefined();
  expect(keys.find("a", "b")).toBeUndefined();
});
