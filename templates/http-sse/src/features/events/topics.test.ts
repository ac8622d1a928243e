// Streams of topics: what each one receives live and in a replay, deletions, and ids of quiet topics.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
import type { TextMessage } from "../messages/routes.ts";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ HEARTBEAT_MS: "20", MESSAGES_KEEP: "50" });
});
afterAll(() => server[Symbol.asyncDispose]());

const TOPICS = ["general", "a", "a/b", "a/b/c/d", "ab", "b"];
const post = (text: string, topic: string) => server.post(text, {}, topic);

test.each([
  ["?topic=a", ["a"]],
  ["?topic=a/*", ["a/b", "a/b/c/d"]],
  ["?topic=a/b/*", ["a/b/c/d"]],
  ["?topic=a/*&topic=b&topic=a/b&topic=b", ["a/b", "a/b/c/d", "b"]],
  ["", TOPICS],
])(
  "a stream of %s receives its topics, once and in order, live and in a replay",
  async (query, expected) => {
    const start = await post("start", "other");
    using live = await server.events({}, query);
    const posted: TextMessage[] = [];
    for (let i = 0; i < 4; i++)
      posted.push(...(await Promise.all(TOPICS.map((t) => post(`${i}`, t)))));
    const wanted = posted
      .filter(({ topic }) => expected.includes(topic))
      .map((message) => ({ event: "message", id: message.id, data: JSON.stringify(message) }))
      .toSorted((a, b) => Number(a.id.split("-")[1]) - Number(b.id.split("-")[1]));
    using replayed = await server.events({ "last-event-id": start.id }, query);
    for (const client of [live, replayed]) {
      for (const event of wanted) expect(await client.next()).toEqual(event);
    }
  },
);

test.each(["a//b", "/a", "a/", "a/b/c/d/e", "x".repeat(65), "ä", "a b", "*", "a*", "a/*/b"])(
  "refuses the topic %j",
  async (topic) => {
    const query = `?topic=${encodeURIComponent(topic)}`;
    for (const path of [
      `/api/events${query}`,
      `/api/messages${query}`,
      `/api/events?topic=a&${query.slice(1)}`,
    ]) {
      const response = await server.fetch(path);
      expect([path, response.status]).toEqual([path, 422]);
      await response.text();
    }
    const response = await server.fetch("/api/messages", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: "x", topic }),
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ pointer: "/topic" }] });
  },
);

test("a deletion reaches open streams of its topic, and those that resume; no other", async () => {
  const message = await post("wrong", "a/b");
  const after = await post("after", "a/b");
  using live = await server.events({}, "?topic=a/*");
  using other = await server.events({}, "?topic=b");
  const response = await server.fetch(`/api/messages/${message.id}`, { method: "DELETE" });
  expect(response.status).toBe(204);
  const deleted = { event: "deleted", data: JSON.stringify({ id: message.id, topic: "a/b" }) };
  const event = await live.next();
  expect(event).toMatchObject(deleted);
  expect(event?.id).not.toBe(message.id);
  // The message itself is left out; a client whose last message it was has no gap.
  using resumed = await server.events({ "last-event-id": message.id }, "?topic=a/*");
  expect(await resumed.next()).toMatchObject({ event: "message", id: after.id });
  expect(await resumed.next()).toEqual(event as never);
  const next = await post("b", "b");
  expect((await other.next())?.id).toBe(next.id);
  expect((await server.fetch(`/api/messages/${message.id}`)).status).toBe(404);
  const again = await server.fetch(`/api/messages/${message.id}`, { method: "DELETE" });
  expect(again.status).toBe(404);
});

test("a client of a quiet topic resumes without a gap, however much was posted to other topics", async () => {
  const first = await post("first", "quiet");
  const response = await server.fetch("/api/events?topic=quiet");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let i = 0; i < 60; i++) await post(`${i}`, "busy");
  const newest = await post("newest", "busy");
  // A heartbeat has the id up to which nothing is missing.
  let text = "";
  while (!text.includes(`id: ${newest.id}\n\n`)) text += (await reader?.read())?.value ?? "";
  await reader?.cancel();
  await post("second", "quiet");
  using resumed = await server.events({ "last-event-id": newest.id }, "?topic=quiet");
  expect(await resumed.texts(1)).toEqual(["second"]);
  using late = await server.events({ "last-event-id": first.id }, "?topic=quiet");
  expect((await late.next())?.event).toBe("gap");
});
