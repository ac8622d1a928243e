// What holds for every route: CORS, rate limit, methods, ids, security headers, health.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { TestServer, TIMEOUT } from "./server.ts";

setDefaultTimeout(TIMEOUT);

const ORIGIN = "https://app.example.com";

test("only pages of the listed origins may read the API", async () => {
  await using server = await TestServer.start({
    CORS_ORIGINS: `${ORIGIN}, http://localhost:5173`,
  });
  const preflight = { "access-control-request-method": "POST" };
  const ask = (origin: string) =>
    server.fetch("/api/messages", { method: "OPTIONS", headers: { ...preflight, origin } });
  const allowed = await ask(ORIGIN);
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect(allowed.headers.get("access-control-allow-methods")).toContain("POST");
  expect(allowed.headers.get("access-control-allow-headers")).toContain("idempotency-key");
  expect(allowed.headers.get("vary")).toContain("Origin");

  for (const path of ["/api/messages", "/api/nothing", "/api/messages?limit=x"]) {
    const response = await server.fetch(path, { headers: { origin: ORIGIN } });
    expect(response.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(response.headers.get("access-control-expose-headers")).toContain("location");
  }
  const others = [
    "null",
    `${ORIGIN}.evil.example`,
    "http://app.example.com",
    "https://example.com",
  ];
  for (const origin of others) {
    for (const response of [
      await ask(origin),
      await server.fetch("/api/messages", { headers: { origin } }),
    ]) {
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(response.headers.get("vary")).toContain("Origin");
    }
  }
});

describe("rate limit", () => {
  test("more than RATE_LIMIT requests a minute are 429, with Retry-After and what is left", async () => {
    await using server = await TestServer.start({ RATE_LIMIT: "3" });
    const first = await server.fetch("/api/messages");
    expect(first.headers.get("ratelimit-policy")).toBe('"default";q=3;w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"default";r=2;t=\d+$/);
    await server.fetch("/api/messages?limit=x");
    await server.fetch("/api/messages");
    const refused = await server.fetch("/api/messages");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("ratelimit")).toMatch(/^"default";r=0;t=\d+$/);
    expect((await refused.json()).status).toBe(429);
    expect((await server.fetch("/api/nothing")).status).toBe(429);
    for (const path of ["/healthz", "/readyz"]) {
      expect((await server.fetch(path)).status).toBe(200);
    }
  });

  test("an address in a header counts only where CLIENT_IP_HEADER says so", async () => {
    const as = (address: string) => ({ headers: { "x-forwarded-for": address } });
    await using direct = await TestServer.start({ RATE_LIMIT: "1" });
    await direct.fetch("/api/messages", as("1.1.1.1"));
    expect((await direct.fetch("/api/messages", as("2.2.2.2"))).status).toBe(429);
    await using behind = await TestServer.start({
      RATE_LIMIT: "1",
      CLIENT_IP_HEADER: "x-forwarded-for",
    });
    expect((await behind.fetch("/api/messages", as("1.1.1.1"))).status).toBe(200);
    expect((await behind.fetch("/api/messages", as("2.2.2.2"))).status).toBe(200);
    // The client wrote the first address, the proxy the last.
    expect((await behind.fetch("/api/messages", as("3.3.3.3, 1.1.1.1"))).status).toBe(429);
  });
});

test("every response has an id, and headers that keep browsers from guessing", async () => {
  await using server = await TestServer.start();
  for (const path of ["/api/messages", "/nothing", "/api/messages?limit=x", "/healthz"]) {
    const response = await server.fetch(path, { headers: { "x-request-id": "abc-123" } });
    expect(response.headers.get("x-request-id")).toBe("abc-123");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("another method is 405 with Allow, and another path is 404, as problems", async () => {
  await using server = await TestServer.start();
  const wrong = await server.fetch("/api/messages", { method: "DELETE" });
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get("allow")?.split(", ").toSorted()).toEqual([
    "GET",
    "HEAD",
    "OPTIONS",
    "POST",
  ]);
  const missing = await server.fetch("/api/nothing");
  expect(missing.status).toBe(404);
  for (const response of [wrong, missing]) {
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  }
});

test("SIGTERM turns readyz to 503 while all is still served, then exits with 0", async () => {
  await using server = await TestServer.start({ SHUTDOWN_DELAY_MS: "1500" });
  expect((await server.fetch("/readyz")).status).toBe(200);
  const stopped = server.stop();
  let ready = await server.fetch("/readyz");
  while (ready.status === 200) ready = await server.fetch("/readyz");
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: "draining" });
  expect((await server.post("still served")).text).toBe("still served");
  expect((await stopped).code).toBe(0);
});
