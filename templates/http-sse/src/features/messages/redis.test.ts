// The message store in Redis keeps the contract of the message store. Most tests run when REDIS_URL is set.
import { describe, expect, spyOn, test } from "bun:test";
import { RedisClient } from "bun";
import { StartError } from "#lib/service";
import { RedisMessages } from "./redis.ts";
import { keyOf } from "./redis-scripts.ts";
import { testMessageStore } from "./store-contract.ts";

const url = process.env.REDIS_URL;
if (!url) console.warn("REDIS_URL is not set: the message store in Redis is not tested.");

describe.skipIf(!url)("Redis", () => {
  testMessageStore({
    isShared: true,
    open: (id, keep) => RedisMessages.open(url ?? "", `test:${id}`, keep),
    async remove(id) {
      using client = disposable(new RedisClient(url));
      const keys = await client.send("KEYS", [`*test:${id}*`]);
      if (keys.length > 0) await client.send("DEL", keys);
    },
  });
});

test.skipIf(!url)(
  "an entry of another program is skipped, by subscribers and by reads",
  async () => {
    using client = disposable(new RedisClient(url));
    const key = `test:${crypto.randomUUID()}`;
    const messages = await RedisMessages.open(url ?? "", key, 100);
    const received: string[] = [];
    messages.subscribe((published, _, cursor) =>
      received.push(...published.map(({ id }) => id), cursor),
    );
    try {
      const foreign = [
        ["data", "{"],
        ["data", "1"],
        ["other", "x"],
      ];
      for (const fields of foreign) await client.send("XADD", [key, "*", ...fields]);
      const data = { text: "kept" };
      const { message } = await messages.append({ topic: "a", event: "message", data });
      const end = String(await client.send("XADD", [key, "*", "other", "x"]));
      while (received.at(-1) !== end) await Bun.sleep(5);
      expect(received.filter((id) => id === message.id)).not.toEqual([]);
      const page = await messages.read({ patterns: ["*"], after: undefined, limit: 10 });
      expect(page).toEqual({ messages: [message], hasGap: false, cursor: end });
      expect(await messages.newest({ patterns: ["*"], limit: 10 })).toEqual([message]);
      expect(await messages.get(end)).toBeUndefined();
    } finally {
      await messages.close();
      const keys = await client.send("KEYS", [`*${key}*`]);
      await client.send("DEL", keys);
    }
  },
);

test.skipIf(!url)("is not ready while its stream cannot be read", async () => {
  using client = disposable(new RedisClient(url));
  const key = `test:${crypto.randomUUID()}`;
  const messages = await RedisMessages.open(url ?? "", key, 100);
  try {
    await messages.ready();
    await client.set(key, "not a stream");
    await expect(messages.ready()).rejects.toMatchObject({ status: 503 });
  } finally {
    await messages.close();
    const keys = await client.send("KEYS", [`*${key}*`]);
    await client.send("DEL", keys);
  }
});

test.skipIf(!url).each([
  ["DEL", []],
  ["XTRIM", ["MAXLEN", "1"]],
])(
  "after %s, deletions and retention work as before, and a gap is not hidden",
  async (command, options) => {
    using client = disposable(new RedisClient(url));
    const key = `test:${crypto.randomUUID()}`;
    const messages = await RedisMessages.open(url ?? "", key, 3);
    const add = async () =>
      (await messages.append({ topic: "a", event: "message", data: {} })).message;
    try {
      const first = await Promise.all([add(), add(), add()]);
      for (const { id } of first) await messages.delete(id);
      await client.send(command, [key, ...options]);
      const after = first[0]?.id;
      expect((await messages.read({ patterns: ["*"], after, limit: 1 })).hasGap).toBe(true);
      for (let i = 0; i < 4; i++) expect(await messages.delete((await add()).id)).toBe(true);
      for (let i = 0; i < 8; i++) await add();
      expect(await messages.newest({ patterns: ["*"], event: "message", limit: 9 })).toHaveLength(
        3,
      );
    } finally {
      await messages.close();
      const keys = await client.send("KEYS", [`*${key}*`]);
      await client.send("DEL", keys);
    }
  },
);

test.skipIf(!url)("messages are stored and deleted after Redis evicted a key", async () => {
  using client = disposable(new RedisClient(url));
  const key = `test:${crypto.randomUUID()}`;
  const messages = await RedisMessages.open(url ?? "", key, 2);
  const add = async () =>
    (await messages.append({ topic: "a", event: "message", data: {} })).message.id;
  try {
    await messages.delete(await add());
    const newest = [await add(), await add()];
    await client.send("DEL", [keyOf(key, "deleted")]);
    newest.push(await add(), await add());
    expect(await messages.delete(newest.pop() ?? "")).toBe(true);
    expect(await messages.get(newest.pop() ?? "")).toBeDefined();
  } finally {
    await messages.close();
    const keys = await client.send("KEYS", [`*${key}*`]);
    await client.send("DEL", keys);
  }
});

test.skipIf(!url)(
  "subscribers are told of messages that a burst dropped before they were read",
  async () => {
    using client = disposable(new RedisClient(url));
    const key = `test:${crypto.randomUUID()}`;
    const [messages, other] = await Promise.all([
      RedisMessages.open(url ?? "", key, 3),
      RedisMessages.open(url ?? "", key, 3),
    ]);
    try {
      let received = 0;
      let gaps = 0;
      let head = "";
      messages.subscribe((published, hasGap, cursor) => {
        received += published.length;
        gaps += Number(hasGap);
        head = cursor;
      });
      const add = () => other.append({ topic: "a", event: "message", data: {} });
      const burst = await Promise.all(Array.from({ length: 100 }, add));
      while (head !== burst.at(-1)?.message.id) await Bun.sleep(5);
      expect(received === burst.length || gaps > 0).toBe(true);
      gaps = 0;
      for (let i = 0; i < 5; i++) {
        const { id } = (await add()).message;
        while (head !== id) await Bun.sleep(5);
      }
      expect(gaps).toBe(0);
    } finally {
      await Promise.all([messages.close(), other.close()]);
      const keys = await client.send("KEYS", [`*${key}*`]);
      await client.send("DEL", keys);
    }
  },
);

test.skipIf(!url)("an unknown cursor costs one scan of the stream", async () => {
  using client = disposable(new RedisClient(url));
  const key = `test:${crypto.randomUUID()}`;
  const messages = await RedisMessages.open(url ?? "", key, 100);
  try {
    await messages.append({ topic: "other", event: "message", data: {} });
    const send = spyOn(messages.connection, "send");
    for (const after of ["x", "1-1", "99999999999999-1"]) {
      send.mockClear();
      const page = await messages.read({ patterns: ["general"], after, limit: 1 });
      expect(page).toMatchObject({ messages: [], hasGap: true });
      expect(send.mock.calls.filter(([command]) => command === "XRANGE")).toHaveLength(1);
    }
  } finally {
    await messages.close();
    const keys = await client.send("KEYS", [`*${key}*`]);
    await client.send("DEL", keys);
  }
});
// #region jobs

test.skipIf(!url)("an instance that was missing in an earlier outage has time again", async () => {
  using client = disposable(new RedisClient(url));
  const key = `test:${crypto.randomUUID()}`;
  const messages = await RedisMessages.open(url ?? "", key, 100);
  try {
    const start = performance.now();
    const hour = 60 * 60;
    const checks: boolean[] = [];
    for (const seconds of [0, hour, hour + 9, hour + 11]) {
      using _ = spyOn(performance, "now").mockReturnValue(start + seconds * 1000);
      checks.push(await messages.isAlive("other"));
    }
    expect(checks).toEqual([true, true, true, false]);
  } finally {
    await messages.close();
    const keys = await client.send("KEYS", [`*${key}*`]);
    await client.send("DEL", keys);
  }
});
// #endregion

function disposable(client: RedisClient): RedisClient & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

test("a Redis that cannot be reached is an error of the start", async () => {
  const opened = RedisMessages.open("redis://127.0.0.1:1", "test", 1);
  await expect(opened).rejects.toBeInstanceOf(StartError);
});
