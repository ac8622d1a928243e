// Middleware that applies to every route: origins, rate limit, methods, ids, security headers, health.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { TestServer } from "./server.ts";

const ORIGIN = "https://app.example.com";

/** Without variables. */
let server: TestServer;
let withCors: TestServer;
beforeAll(async () => {
  const env = { CORS_ORIGINS: `${ORIGIN}, http://localhost:5173` };
  [server, withCors] = await Promise.all([TestServer.start(), TestServer.start(env)]);
});
afterAll(async () => {
  for (const each of [server, withCors]) await each[Symbol.asyncDispose]();
});

test("only pages of the listed origins may use the API", async () => {
  const preflight = { "access-control-request-method": "POST" };
  const ask = (origin: string) =>
    withCors.fetch("/api/messages", { method: "OPTIONS", headers: { ...preflight, origin } });
  const allowed = await ask(ORIGIN);
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect(allowed.headers.get("access-control-allow-methods")).toContain("POST");
  for (const header of ["idempotency-key", "traceparent", "x-request-id"]) {
    expect(allowed.headers.get("access-control-allow-headers")).toContain(header);
  }
  expect(allowed.headers.get("vary")).toContain("Origin");

  for (const path of ["/api/messages", "/api/nothing", "/api/messages?limit=x"]) {
    const response = await withCors.fetch(path, { headers: { origin: ORIGIN } });
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
      await withCors.fetch("/api/messages", { headers: { origin } }),
    ]) {
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      expect(response.headers.get("vary")).toContain("Origin");
    }
  }
});

test("apps whose origin has a custom scheme can be allowed", async () => {
  const origins = ["tauri://localhost", "capacitor://localhost", "ionic://localhost"];
  await using server = await TestServer.start({ CORS_ORIGINS: origins.join() });
  const body = JSON.stringify({ text: "from an app" });
  for (const origin of [...origins, "tauri://evil"]) {
    const headers = { origin, "content-type": "application/json", "sec-fetch-site": "cross-site" };
    const response = await server.fetch("/api/messages", { method: "POST", headers, body });
    const isAllowed = origins.includes(origin);
    expect([origin, response.status]).toEqual([origin, isAllowed ? 201 : 403]);
    expect(response.headers.get("access-control-allow-origin")).toBe(isAllowed ? origin : null);
  }
});

test("a page of an allowed origin may use every method of the routes", async () => {
  const preflight = { origin: ORIGIN, "access-control-request-method": "DELETE" };
  const asked = await withCors.fetch("/api/messages", { method: "OPTIONS", headers: preflight });
  const allowed = asked.headers.get("access-control-allow-methods")?.split(",") ?? [];
  for (const path of ["/api/messages", "/api/messages/x", "/api/events"]) {
    const wrong = await withCors.fetch(path, { method: "PUT" });
    const methods = wrong.headers.get("allow")?.split(", ") ?? [];
    for (const method of methods) if (method !== "OPTIONS") expect(allowed).toContain(method);
  }
});

test("OPTIONS that is not a preflight lists the methods, and is 404 where nothing is", async () => {
  for (const headers of [{}, { origin: ORIGIN }]) {
    const ask = (path: string) => withCors.fetch(path, { method: "OPTIONS", headers });
    const known = await ask("/api/messages");
    expect(known.status).toBe(204);
    expect(known.headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
    expect((await ask("/api/nothing")).status).toBe(404);
  }
});

describe("rate limit", () => {
  test("more than RATE_LIMIT requests per minute are 429 with Retry-After and RateLimit headers", async () => {
    await using server = await TestServer.start({ RATE_LIMIT: "3" });
    const first = await server.fetch("/api/messages");
    expect(first.headers.get("ratelimit")).toBeNull();
    await server.fetch("/api/messages?limit=x");
    await server.fetch("/api/messages");
    const refused = await server.fetch("/api/messages");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("ratelimit-policy")).toBe('"default";q=3;w=60');
    expect(refused.headers.get("ratelimit")).toMatch(/^"default";r=0;t=\d+$/);
    expect(await refused.json()).toMatchObject({ status: 429 });
    expect((await server.fetch("/api/nothing")).status).toBe(429);
    for (const path of ["/healthz", "/readyz"]) {
      expect((await server.fetch(path)).status).toBe(200);
    }
  });

  test("an address in a header counts only if CLIENT_IP_HEADER names it", async () => {
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
    // The client wrote the first address, the proxy the last one.
    expect((await behind.fetch("/api/messages", as("3.3.3.3, 1.1.1.1"))).status).toBe(429);
  });
});

describe("a form of a cross-origin page", () => {
  const send = (server: TestServer, headers: Record<string, string>) =>
    server.fetch("/api/messages", {
      method: "POST",
      headers: { "content-type": "text/plain", ...headers },
      body: `{"text":"sent by a form"}`,
    });

  test("is 403, although no preflight protects the API", async () => {
    for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1"]) {
      const response = await send(server, { origin, "sec-fetch-site": "cross-site" });
      expect([origin, response.status]).toEqual([origin, 403]);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  test("a body with a Content-Encoding is 415", async () => {
    const body = Bun.gzipSync(JSON.stringify({ text: "x" }));
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const response = await server.fetch("/api/messages", { method: "POST", headers, body });
    expect(response.status).toBe(415);
    expect(response.headers.get("accept-encoding")).toBe("identity");
  });

  test("is not refused from the service's own origin, a listed one, and without a browser", async () => {
    for (const headers of [{ origin: withCors.url }, { origin: ORIGIN }, {}]) {
      // The next check is the content type.
      expect((await send(withCors, headers)).status).toBe(415);
    }
  });
});

test("in development a Host that is not listed in DEV_HOSTS is 403", async () => {
  await using server = await TestServer.start({ DEV_HOSTS: "box.example" });
  const { port } = new URL(server.url);
  const ask = (host: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () =>
        socket.write(`GET /api/messages HTTP/1.1\r\nhost: ${host}\r\n\r\n`),
      );
      socket.once("data", (data) => {
        resolve(String(data).slice(9, 12));
        socket.destroy();
      });
      socket.on("error", reject);
    });
  expect(await ask("evil.example")).toBe("403");
  expect(await ask("box.example")).toBe("200");
  expect(await ask("localhost")).toBe("200");
});

test("every response has a request id and nosniff", async () => {
  for (const path of ["/api/messages", "/nothing", "/api/messages?limit=x", "/healthz"]) {
    const response = await server.fetch(path, { headers: { "x-request-id": "abc-123" } });
    expect(response.headers.get("x-request-id")).toBe("abc-123");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("an unknown method is 405 with Allow, and an unknown path is 404, as problems", async () => {
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

test("after SIGTERM readyz is 503 while requests are still served, and the exit code is 0", async () => {
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
