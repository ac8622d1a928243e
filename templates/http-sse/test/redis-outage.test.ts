// A Redis server that is killed, goes silent, rejects writes or loses its data. Needs redis-server, not REDIS_URL.
import { describe, expect, test } from "bun:test";
import { RedisMessages } from "../src/features/messages/redis.ts";
import { Relay, redisServer, TestRedis } from "./redis-server.ts";
import { type EventClient, TestServer } from "./server.ts";

const headers = { "content-type": "application/json" };
const post = (server: TestServer, text: string) =>
  server.fetch("/api/messages", { method: "POST", headers, body: JSON.stringify({ text }) });

const isReady = async (server: TestServer) => (await server.fetch("/readyz")).status === 200;

async function untilReady(expected: boolean, ...servers: TestServer[]): Promise<void> {
  for (const server of servers) while ((await isReady(server)) !== expected) await Bun.sleep(50);
}

async function expectUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  await response.text();
}

/** The texts up to and including `last`. Every event must be a message. */
async function textsUntil(client: EventClient, last: string): Promise<string[]> {
  const texts: string[] = [];
  while (texts.at(-1) !== last) {
    const event = await client.next();
    expect(event?.event).toBe("message");
    texts.push(JSON.parse(event?.data ?? "{}").text);
  }
  return texts;
}

describe.skipIf(!redisServer)("Redis", () => {
  test("killed under load: 503 and not ready, then it recovers, and nothing acknowledged is lost", async () => {
    await using redis = await TestRedis.start();
    await using one = await TestServer.start({ REDIS_URL: redis.url });
    await using two = await TestServer.start({ REDIS_URL: redis.url });
    using live = await one.events();
    const acknowledged: string[] = [];
    const statuses = new Set<number>();
    let isPosting = true;
    const posters = [one, two].map(async (server, at) => {
      for (let i = 0; isPosting; i++) {
        const response = await post(server, `${at}.${i}`);
        statuses.add(response.status);
        if (response.status === 201) acknowledged.push(`${at}.${i}`);
        else await expectUnavailable(response);
        await Bun.sleep(1);
      }
    });
    while (acknowledged.length < 50) await Bun.sleep(5);
    await redis.kill();
    await untilReady(false, one, two);
    for (const path of ["/api/messages", "/api/messages?from=end", "/api/messages/1-1"]) {
      await expectUnavailable(await one.fetch(path));
    }
    await redis.start();
    await untilReady(true, one, two);
    const before = acknowledged.length;
    while (acknowledged.length < before + 50) await Bun.sleep(5);
    isPosting = false;
    await Promise.all(posters);
    await two.post("end");
    expect([...statuses].toSorted()).toEqual([201, 503]);
    const received = await textsUntil(live, "end");
    expect(new Set(received).size).toBe(received.length);
    expect(acknowledged.filter((text) => !received.includes(text))).toEqual([]);
  });

  test("silent: connections are replaced within 15 s, for commands and for streams", async () => {
    await using redis = await TestRedis.start();
    using relay = new Relay(redis.url);
    await using silenced = await TestServer.start({ REDIS_URL: relay.url });
    await using other = await TestServer.start({ REDIS_URL: redis.url });
    const start = await other.post("start");
    using live = await silenced.events({ "last-event-id": start.id });
    await other.post("before");
    expect(await live.texts(1)).toEqual(["before"]);
    relay.silence();
    const silentSince = performance.now();
    await other.post("during");
    await expectUnavailable(await post(silenced, "refused"));
    while ((await post(silenced, "after")).status !== 201) await Bun.sleep(50);
    // Without a gap and without a duplicate.
    expect(await live.texts(2)).toEqual(["during", "after"]);
    expect(performance.now() - silentSince).toBeLessThan(15_000);
    await untilReady(true, silenced);
  });

  test.each([
    ["read-only after a failover", ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]],
    ["out of memory", ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]],
  ] as const)(
    "%s: writes are 503 and readyz is 503 until it recovers",
    async (_, fail, recover) => {
      await using redis = await TestRedis.start();
      await using server = await TestServer.start({ REDIS_URL: redis.url });
      await server.post("before");
      using live = await server.events();
      const [failing, ...failingArgs] = fail;
      await redis.command(failing, ...failingArgs);
      await expectUnavailable(await post(server, "refused"));
      await untilReady(false, server);
      expect((await server.fetch("/healthz")).status).toBe(200);
      const [recovering, ...recoveringArgs] = recover;
      await redis.command(recovering, ...recoveringArgs);
      await untilReady(true, server);
      await server.post("after");
      expect(await live.texts(1)).toEqual(["after"]);
    },
  );

  test("a user who may not read the stream: not ready, and the log says why, once", async () => {
    await using redis = await TestRedis.start();
    await redis.command("ACL", "SETUSER", "app", "on", ">secret", "allkeys", "+@all");
    const url = new URL(redis.url);
    [url.username, url.password] = ["app", "secret"];
    await using server = await TestServer.start({ REDIS_URL: url.href });
    using live = await server.events();
    await redis.command("ACL", "SETUSER", "app", "-xread");
    // Ends the read that is in progress.
    await server.post("before");
    await untilReady(false, server);
    const warning = "cannot read the stream";
    while (!server.output.includes(warning)) await Bun.sleep(20);
    await server.post("unread");
    await redis.command("ACL", "SETUSER", "app", "+xread");
    await untilReady(true, server);
    expect(await live.texts(2)).toEqual(["before", "unread"]);
    const { output } = await server.stop();
    expect(output.split(warning)).toHaveLength(2);
    expect(output).toMatch(/NOPERM|permission/);
    await redis.command("ACL", "SETUSER", "app", "-xread");
    await expect(RedisMessages.open(url.href, "other", 10)).rejects.toThrow(/xread/i);
  });

  test("a user who may not run scripts: not ready", async () => {
    await using redis = await TestRedis.start();
    const messages = await RedisMessages.open(redis.url, "messages", 10);
    await messages.ready();
    await redis.command("ACL", "SETUSER", "default", "-@scripting");
    const error = await messages.ready().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 503 });
    await messages.close();
  });

  test("emptied during an outage: streams get one gap, also after a second reconnect", async () => {
    await using redis = await TestRedis.start();
    using relay = new Relay(redis.url);
    await using server = await TestServer.start({ REDIS_URL: relay.url, HEARTBEAT_MS: "50" });
    const { id } = await server.post("lost");
    await server.post("lost, too");
    using live = await server.events();
    relay.cut();
    await untilReady(false, server);
    await redis.command("FLUSHALL");
    for (let reconnects = 0; reconnects < 2; reconnects++) {
      relay.open();
      await untilReady(true, server);
      relay.cut();
      await untilReady(false, server);
    }
    relay.open();
    await untilReady(true, server);
    // A stream that resumes before the first new message waits for it, and gets heartbeats.
    const waiting = await server.fetch("/api/events", { headers: { "last-event-id": id } });
    const reader = waiting.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes(":\n\n:\n\n")) text += (await reader?.read())?.value ?? "";
    await reader?.cancel();
    await server.post("first");
    // The stream ends, so that the client resumes and learns of the gap.
    expect(await live.next()).toBeUndefined();
    using resumed = await server.events({ "last-event-id": id });
    expect((await resumed.next())?.event).toBe("gap");
    expect(await resumed.texts(1)).toEqual(["first"]);
    await server.post("second");
    expect(await resumed.texts(1)).toEqual(["second"]);
  });

  test("replaced by a server that lost messages and whose clock is behind: streams get a gap, then new messages", async () => {
    await using redis = await TestRedis.start();
    using relay = new Relay(redis.url);
    await using server = await TestServer.start({ REDIS_URL: relay.url });
    const { id } = await server.post("lost");
    using live = await server.events();
    relay.cut();
    await untilReady(false, server);
    await redis.command("FLUSHALL");
    const add = (lowId: string, text: string) =>
      redis.command("XADD", "messages", lowId, "event", "message", "data", `{"text":"${text}"}`);
    await add("5-1", "first");
    relay.open();
    // The stream ends although no new message has a higher id.
    expect(await live.next()).toBeUndefined();
    using resumed = await server.events({ "last-event-id": id });
    expect((await resumed.next())?.event).toBe("gap");
    expect(await resumed.texts(1)).toEqual(["first"]);
    await add("5-2", "second");
    expect(await resumed.texts(1)).toEqual(["second"]);
  });

  test("messages dropped during an outage that began with an empty stream: streams get a gap", async () => {
    await using redis = await TestRedis.start();
    using relay = new Relay(redis.url);
    await using server = await TestServer.start({ REDIS_URL: relay.url });
    await using other = await TestServer.start({ REDIS_URL: redis.url, MESSAGES_KEEP: "2" });
    using live = await server.events();
    relay.cut();
    await untilReady(false, server);
    for (const text of ["a", "b", "c", "d"]) await other.post(text);
    relay.open();
    await untilReady(true, server);
    // The stream ends, so that the client resumes and learns of the gap.
    expect(await live.next()).toBeUndefined();
    using resumed = await server.events({ "last-event-id": "0-0" });
    expect((await resumed.next())?.event).toBe("gap");
    expect(await resumed.texts(2)).toEqual(["c", "d"]);
  });
});
