// One contract for the log of messages, held by every store of it.
import {
  afterAll,
  afterEach,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient } from "bun";
import { LogUnavailable, type Message, type MessageLog } from "../src/messages/log.ts";
import { RedisLog } from "../src/messages/redis.ts";
import { SqliteLog } from "../src/messages/sqlite.ts";

setDefaultTimeout(60_000);

const url = process.env.REDIS_URL;
const folder = await mkdtemp(join(tmpdir(), "http-sse-log-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Store {
  readonly name: string;
  /** Opens the log again and again; a new `id` is a new log. */
  open(id: string, keep: number): Promise<MessageLog>;
  remove(id: string): Promise<void>;
}

const sqlite: Store = {
  name: "SQLite",
  open: async (id, keep) => new SqliteLog(join(folder, `${id}.db`), keep),
  remove: async () => undefined,
};

const redis: Store = {
  name: "Redis",
  open: (id, keep) => RedisLog.open({ url: url ?? "", key: `test:${id}`, keep }),
  async remove(id) {
    using client = disposable(new RedisClient(url));
    const keys = await client.send("KEYS", [`*test:${id}*`]);
    if (keys.length > 0) await client.send("DEL", keys);
  },
};

function disposable(client: RedisClient): RedisClient & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

if (!url) console.warn("REDIS_URL is not set: the log in Redis is not tested.");

describe.each(url ? [sqlite, redis] : [sqlite])("$name", (store) => {
  let id: string;
  let log: MessageLog;
  beforeEach(async () => {
    id = crypto.randomUUID();
    log = await store.open(id, 1000);
  });
  afterEach(async () => {
    await log.close();
    await store.remove(id);
  });

  const add = async (text: string, key?: string) => (await log.append(text, key)).message;
  const texts = (messages: readonly Message[]) => messages.map(({ text }) => text);

  test("keeps messages in the order of their ids, and gives them back page by page", async () => {
    const added: Message[] = [];
    for (const text of ["a", "b c", "\0\n🙂", "d"]) added.push(await add(text));
    expect(await log.read(undefined, 10)).toEqual({ messages: added, complete: true });
    expect(await log.read(added[0]?.id, 2)).toEqual({
      messages: added.slice(1, 3),
      complete: true,
    });
    expect(await log.read(added[3]?.id, 2)).toEqual({ messages: [], complete: true });
    expect(await log.newest(2)).toEqual(added.slice(2));
    expect(await log.get(added[1]?.id ?? "")).toEqual(added[1]);
  });

  test("an id that it does not have is incomplete, and starts with the oldest", async () => {
    const { id } = await add("a");
    for (const unknown of ["", "x", "-", "1-1", `${id}0`, `0${id}`, "99999999999999-1", "0-x"]) {
      expect(await log.read(unknown, 10)).toMatchObject({
        complete: false,
        messages: [{ text: "a" }],
      });
      expect(await log.get(unknown)).toBeUndefined();
    }
  });

  test("the start of an empty log can be continued until messages are dropped", async () => {
    const start = await log.follow(() => undefined);
    expect(await log.read(start, 10)).toEqual({ messages: [], complete: true });
    await add("a");
    expect(await log.read(start, 10)).toMatchObject({ messages: [{ text: "a" }], complete: true });
    for (let i = 0; i < 1300; i++) await add(`${i}`);
    expect((await log.read(start, 10)).complete).toBe(false);
  });

  test("keeps as many as it should, and an id that was dropped is incomplete", async () => {
    const first = await add("first");
    await Promise.all(Array.from({ length: 1300 }, (_, i) => add(`${i}`)));
    const page = await log.read(first.id, 10);
    expect(page.complete).toBe(false);
    expect((await log.read(undefined, 2000)).messages).toHaveLength(1000);
    expect(texts(await log.newest(1))).toEqual(["1299"]);
  });

  test("a key gives the same message, also at the same time and after it is opened again", async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => log.append("once", "key")));
    expect(new Set(results.map(({ message }) => message.id)).size).toBe(1);
    expect(results.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    await log.close();
    log = await store.open(id, 1000);
    const again = await log.append("once", "key");
    expect(again).toEqual({ outcome: "repeated", message: results[0]?.message as Message });
    expect((await log.append("other", "key")).outcome).toBe("conflict");
    expect(texts((await log.read(undefined, 10)).messages)).toEqual(["once"]);
  });

  test("a key is forgotten with its message, and no sooner", async () => {
    await add("old", "key");
    await Promise.all(Array.from({ length: 999 }, (_, i) => add(`${i}`, `key ${i}`)));
    expect((await log.append("old", "key")).outcome).toBe("repeated");
    await add("one more");
    expect((await log.append("new", "key")).outcome).toBe("created");
    expect((await log.append("0", "key 0")).outcome).toBe("created");
    expect((await log.append("1", "key 1")).outcome).toBe("created");
    expect((await log.append("998", "key 998")).outcome).toBe("repeated");
  });

  test("a log that is to keep less than it did drops the rest, and goes on", async () => {
    await Promise.all(Array.from({ length: 300 }, (_, i) => add(`${i}`, `key ${i}`)));
    await log.close();
    log = await store.open(id, 10);
    for (let i = 300; i < 310; i++) await add(`${i}`);
    const { messages } = await log.read(undefined, 1000);
    expect(texts(messages)).toEqual(Array.from({ length: 10 }, (_, i) => `${300 + i}`));
    expect((await log.append("again", "key 0")).outcome).toBe("created");
  });

  test("followers get what is added after the id they start at, once and in order", async () => {
    const before = await add("before");
    const other = store === redis ? await store.open(id, 1000) : log;
    const received: Message[] = [];
    // The other instance learns of the message a moment later.
    while (other.follow(() => undefined) !== before.id) await Bun.sleep(5);
    expect(await log.follow((messages) => received.push(...messages))).toBe(before.id);
    const added = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? log : other).append(`${i}`)),
    );
    while (received.length < 50) await Bun.sleep(5);
    expect(received).toEqual([...(await log.read(before.id, 100)).messages]);
    expect(added.every(({ outcome }) => outcome === "created")).toBe(true);
    if (other !== log) await other.close();
  });

  test("what was added is there when it is opened again", async () => {
    const message = await add("kept");
    await log.close();
    log = await store.open(id, 1000);
    expect((await log.read(undefined, 10)).messages).toEqual([message]);
    expect(await log.ready()).toBe(true);
  });
});

test("a Redis that cannot be reached is told as such", async () => {
  const options = { url: "redis://127.0.0.1:1", key: "test", keep: 1 };
  await expect(RedisLog.open(options)).rejects.toBeInstanceOf(LogUnavailable);
});
