// /api/messages: valid and invalid messages, idempotency keys, and pagination.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TestServer } from "../../../test/server.ts";
import type { TextMessage } from "./routes.ts";

interface Page {
  readonly items: readonly TextMessage[];
  readonly next: string | null;
}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const json = { "content-type": "application/json" };
const send = (body: string, headers: Record<string, string> = json) =>
  server.fetch("/api/messages", { method: "POST", headers, body });

describe("POST", () => {
  test("stores a message that its Location returns", async () => {
    const response = await send(JSON.stringify({ text: "hello" }));
    expect(response.status).toBe(201);
    const message = (await response.json()) as TextMessage;
    expect(message).toEqual({
      id: expect.any(String),
      topic: "general",
      text: "hello",
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const stored = await server.fetch(response.headers.get("location") ?? "");
    expect(await stored.json()).toEqual(message);
  });

  test("keeps any text unchanged", async () => {
    for (const text of ["<b>", "a\r\nb\n\nc", "\0", "🙂\u2028 ünï", "x".repeat(2000)]) {
      const message = await server.post(text);
      const stored = await server.fetch(`/api/messages/${message.id}`);
      expect(await stored.json()).toEqual({ ...message, text });
    }
  });

  test.each([
    ["broken JSON", "{", json, 400],
    ["another content type", "{}", { "content-type": "text/plain" }, 415],
    ["no text", "{}", json, 422],
    ["an empty text", `{"text":""}`, json, 422],
    ["2001 characters", JSON.stringify({ text: "x".repeat(2001) }), json, 422],
    ["half a character", String.raw`{"text":"\ud800"}`, json, 422],
    ["a body that is too long", JSON.stringify({ text: "x".repeat(70_000) }), json, 413],
  ] as const)("refuses %s with a problem", async (_, body, headers, status) => {
    const response = await send(body, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = await response.json();
    expect(problem).toMatchObject({ status, type: expect.any(String), title: expect.any(String) });
    if (status === 422) expect(problem).toMatchObject({ errors: [{ pointer: "/text" }] });
  });
});

describe("Idempotency-Key", () => {
  test("repeated returns the same message, also to concurrent requests", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const sent = await Promise.all(Array.from({ length: 20 }, () => server.post("once", key)));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  });

  test("with another text is 409", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    await server.post("one", key);
    const response = await send(JSON.stringify({ text: "two" }), { ...json, ...key });
    expect(response.status).toBe(409);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  test("that is malformed is refused", async () => {
    const key = { "idempotency-key": "x".repeat(256) };
    const response = await send(JSON.stringify({ text: "one" }), { ...json, ...key });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ pointer: "/idempotency-key" }] });
  });
});

describe("GET", () => {
  test("pages from the oldest to the newest, each message once", async () => {
    for (let i = 0; i < 5; i++) await server.post(`page ${i}`);
    const ids: string[] = [];
    let next: string | null = "";
    while (next !== null) {
      const page = await server.fetch(`/api/messages?limit=3${next && `&after=${next}`}`);
      const { items, next: following } = (await page.json()) as Page;
      expect(items.length).toBeGreaterThan(0);
      ids.push(...items.map(({ id }) => id));
      next = following;
    }
    const newest = (await (await server.fetch("/api/messages?from=end&limit=5")).json()) as Page;
    expect(newest.items.map(({ text }) => text)).toEqual([0, 1, 2, 3, 4].map((i) => `page ${i}`));
    expect(ids.slice(-5)).toEqual(newest.items.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    "limit=0",
    "limit=101",
    "limit=x",
    "limit=0x10",
    "limit=1e1&from=start",
    "after=unknown",
    "from=middle",
  ])("refuses ?%s", async (query) => {
    const response = await server.fetch(`/api/messages?${query}`);
    expect(response.status).toBe(422);
    const pointer = `/${query.split("=")[0]}`;
    expect(await response.json()).toMatchObject({ errors: [{ pointer }] });
  });

  test("of an unknown message is 404", async () => {
    for (const id of ["nothing", "%2e%2e%2f", "0", "-1"]) {
      expect((await server.fetch(`/api/messages/${id}`)).status).toBe(404);
    }
  });
});

test("retains the newest MESSAGES_KEEP messages", async () => {
  await using small = await TestServer.start({ MESSAGES_KEEP: "3" });
  for (let i = 0; i < 5; i++) await small.post(`${i}`);
  const { items } = (await (await small.fetch("/api/messages")).json()) as Page;
  expect(items.map(({ text }) => text)).toEqual(["2", "3", "4"]);
});
