// /api/events: new messages, replay after Last-Event-ID, the gap event, and limits.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { TestServer } from "../../../test/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ HEARTBEAT_MS: "50" });
});
afterAll(() => server[Symbol.asyncDispose]());

test("every open stream receives each message once, as id, event and data", async () => {
  const clients = await Promise.all([server.events(), server.events(), server.events()]);
  const posted = [await server.post("one"), await server.post("two\nlines")];
  for (using client of clients) {
    for (const message of posted) {
      const event = await client.next();
      expect(event).toEqual({ event: "message", id: message.id, data: JSON.stringify(message) });
    }
  }
});

test("a stream starts with retry and an id to resume from, and has comments as heartbeats", async () => {
  const { id } = await server.post("before");
  const response = await server.fetch("/api/events");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("cache-control")).toContain("no-cache");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(":\n\n:\n\n")) text += (await reader?.read())?.value ?? "";
  const [, retry] = /^retry: (\d+)\n/.exec(text) ?? [];
  expect(text).toStartWith(`retry: ${retry}\nid: ${id}\n\n`);
  await reader?.cancel();
});

test("the reconnection time has jitter: after a restart the clients do not return all in one moment", async () => {
  const retryOf = async () => {
    const response = await server.fetch("/api/events");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const [, retry] = /^retry: (\d+)\n/.exec((await reader?.read())?.value ?? "") ?? [];
    await reader?.cancel();
    return Number(retry);
  };
  const times = await Promise.all(Array.from({ length: 20 }, retryOf));
  expect(Math.min(...times)).toBeGreaterThanOrEqual(1000);
  expect(Math.max(...times)).toBeLessThan(3000);
  expect(new Set(times).size).toBeGreaterThan(5);
});

test("Last-Event-ID replays everything after it, from the header or the query", async () => {
  const { id } = await server.post("seen");
  const texts = Array.from({ length: 120 }, (_, i) => `missed ${i}`);
  for (const text of texts) await server.post(text);
  using byHeader = await server.events({ "last-event-id": id });
  expect(await byHeader.texts(120)).toEqual(texts);
  using byQuery = await server.events({}, `?lastEventId=${id}`);
  expect(await byQuery.texts(120)).toEqual(texts);
});

test("a replay continues live without a gap or a duplicate while messages are posted", async () => {
  const { id } = await server.post("start");
  const texts = Array.from({ length: 1500 }, (_, i) => `busy ${i}`);
  const posting = (async () => {
    for (let i = 0; i < texts.length; i += 10) {
      await Promise.all(texts.slice(i, i + 10).map((text) => server.post(text)));
    }
  })();
  const clients = Array.from({ length: 10 }, async (_, i) => {
    await Bun.sleep(i * 20);
    using client = await server.events({ "last-event-id": id });
    return await client.texts(texts.length);
  });
  const [first, ...others] = await Promise.all(clients);
  await posting;
  expect(first?.toSorted()).toEqual(texts.toSorted());
  for (const other of others) expect(other).toEqual(first ?? []);
});

test("an id that cannot be continued gets one gap event first, then the stored messages", async () => {
  await using small = await TestServer.start();
  await small.post("kept");
  const ids = ["garbage", "ffffffff-1", "999999999", "\u00ff", "a\nid: b"];
  const clients = await Promise.all(
    ids.map((id) => small.events({}, `?lastEventId=${encodeURIComponent(id)}`)),
  );
  for (const [at, client] of clients.entries()) {
    expect([ids[at], (await client.next())?.event]).toEqual([ids[at], "gap"]);
  }
  await small.post("new");
  for (using client of clients) expect(await client.texts(2)).toEqual(["kept", "new"]);
});

test("an id whose message the retention dropped gets a gap event, then the stored messages", async () => {
  await using small = await TestServer.start({ MESSAGES_KEEP: "2" });
  const { id } = await small.post("0");
  for (let i = 1; i < 5; i++) await small.post(`${i}`);
  using client = await small.events({ "last-event-id": id });
  expect((await client.next())?.event).toBe("gap");
  expect(await client.texts(2)).toEqual(["3", "4"]);
});

test("a replay skips a message of an earlier release whose event name would break the stream", async () => {
  await using small = await TestServer.start();
  const first = await small.post("first");
  await small.post("bad");
  await small.stop();
  {
    using db = new Database(join(small.dataDir, "messages.db"));
    db.run("UPDATE messages SET event = 'a' || char(10) || 'b' WHERE data LIKE '%bad%'");
  }
  await small.restart();
  using client = await small.events({ "last-event-id": first.id });
  await small.post("new");
  expect(await client.texts(1)).toEqual(["new"]);
  expect(small.output).toContain("skipped the message");
});

test("a client that connected to an empty store misses nothing", async () => {
  await using small = await TestServer.start();
  const response = await small.fetch("/api/events");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const id = /id: (.*)\n/.exec((await reader?.read())?.value ?? "")?.[1] ?? "none";
  await reader?.cancel();
  await small.post("first");
  using client = await small.events({ "last-event-id": id });
  expect(await client.next()).toMatchObject({ event: "message" });
});

test("more than SSE_MAX_CLIENTS streams are 503 with Retry-After, until one closes", async () => {
  await using small = await TestServer.start({ SSE_MAX_CLIENTS: "2" });
  const first = await small.events();
  using _second = await small.events();
  const refused = await small.fetch("/api/events");
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(refused.headers.get("content-type")).toBe("application/problem+json");
  first[Symbol.dispose]();
  while ((await small.fetch("/api/events", { method: "HEAD" })).status !== 200) await Bun.sleep(20);
});

test("SIGTERM ends the streams, and the service exits with 0", async () => {
  await using small = await TestServer.start();
  using client = await small.events();
  // Without the header, a client would send its next request on the connection of a stream, which the shutdown closes.
  const { headers } = await small.fetch("/api/events", { method: "HEAD" });
  expect(headers.get("connection")).toBe("close");
  const stopped = small.stop();
  expect(await client.next()).toBeUndefined();
  expect((await stopped).code).toBe(0);
});
