// Several instances on one Redis. Runs when REDIS_URL is set.
import { describe, expect, test } from "bun:test";
import { RedisClient } from "bun";
import type { TextMessage } from "../src/features/messages/routes.ts";
import { Relay } from "./redis-server.ts";
import { TestServer } from "./server.ts";

const url = process.env.REDIS_URL;
if (!url) console.warn("REDIS_URL is not set: several instances are not tested.");

/** A separate stream on the shared Redis, deleted at the end. */
function ownStream() {
  const key = `test:${crypto.randomUUID()}`;
  return {
    env: { REDIS_URL: url ?? "", REDIS_KEY: key },
    async [Symbol.asyncDispose]() {
      const client = new RedisClient(url);
      const keys = await client.send("KEYS", [`*${key}*`]);
      if (keys.length > 0) await client.send("DEL", keys);
      client.close();
    },
  };
}

describe.skipIf(!url)("several instances", () => {
  test("share one stream, and its ids resume on any of them", async () => {
    await using stream = ownStream();
    await using one = await TestServer.start(stream.env);
    await using two = await TestServer.start(stream.env);
    using onOne = await one.events();
    using onTwo = await two.events();
    const posted: TextMessage[] = [];
    for (let i = 0; i < 20; i++) posted.push(await (i % 2 ? one : two).post(`${i}`));
    const texts = posted.map(({ text }) => text);
    expect(await onOne.texts(20)).toEqual(texts);
    expect(await onTwo.texts(20)).toEqual(texts);
    for (const server of [one, two]) {
      using resumed = await server.events({ "last-event-id": posted[4]?.id ?? "" });
      expect(await resumed.texts(15)).toEqual(texts.slice(5));
      using unknown = await server.events({ "last-event-id": "1-1" });
      expect((await unknown.next())?.event).toBe("gap");
    }
    const key = { "idempotency-key": "order-1" };
    const both = await Promise.all([one.post("once", key), two.post("once", key)]);
    expect(both[0]).toEqual(both[1]);
  });

  test("a replay on one continues live without a gap or a duplicate while others receive posts", async () => {
    await using stream = ownStream();
    await using one = await TestServer.start(stream.env);
    await using two = await TestServer.start(stream.env);
    const start = await one.post("start");
    const posting = Promise.all(
      [one, two].map(async (server, at) => {
        for (let i = 0; i < 500; i++) await server.post(`${at}.${i}`);
      }),
    );
    const clients = Array.from({ length: 8 }, async (_, i) => {
      await Bun.sleep(i * 30);
      using client = await (i % 2 ? one : two).events({ "last-event-id": start.id });
      return await client.texts(1000);
    });
    const [first = [], ...others] = await Promise.all(clients);
    await posting;
    expect(new Set(first).size).toBe(1000);
    for (const other of others) expect(other).toEqual(first);
  });
});

test.skipIf(!url)(
  "an instance that was disconnected while messages were deleted reports the gap",
  async () => {
    await using stream = ownStream();
    using relay = new Relay(url ?? "");
    const keep = { MESSAGES_KEEP: "3" };
    await using other = await TestServer.start({ ...stream.env, ...keep });
    const throughRelay = { ...stream.env, ...keep, REDIS_URL: relay.url };
    await using isolated = await TestServer.start(throughRelay);
    const seen = await other.post("seen");
    using live = await isolated.events({ "last-event-id": seen.id });
    await other.post("live");
    const last = await live.next();
    relay.cut();
    while ((await isolated.fetch("/readyz")).status !== 503) await Bun.sleep(20);
    for (let i = 0; i < 5; i++) await other.post(`missed ${i}`);
    relay.open();
    // The stream must not continue as if nothing were missing.
    expect(await live.next()).toBeUndefined();
    using resumed = await isolated.events({ "last-event-id": last?.id ?? "" });
    expect((await resumed.next())?.event).toBe("gap");
    expect(await resumed.texts(3)).toEqual(["missed 2", "missed 3", "missed 4"]);
    await other.post("after");
    expect(await resumed.texts(1)).toEqual(["after"]);
  },
);
