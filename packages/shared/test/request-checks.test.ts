// Requests that no handler gets: those of foreign pages, and encoded bodies.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type IncomingMessage, request } from "node:http";
import { type Child, serve } from "./child.ts";

let service: Child;
beforeAll(async () => {
  service = await serve({
    CORS_ORIGINS: "https://app.example.com,tauri://localhost",
    METRICS_PORT: "0",
  });
});
afterAll(() => service[Symbol.asyncDispose]());

const FOREIGN = "https://evil.example";

const send = (headers: Record<string, string>, path = "/accept", method = "POST") =>
  fetch(service.url + path, { method, headers, ...(method === "POST" && { body: "a=1" }) });

async function expectRefusal(response: Response, status: number) {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("x-request-id")).not.toBeNull();
}

describe("a request that needs no preflight is refused", () => {
  test.each([
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/json",
  ])("if it comes from a foreign page, as %s", async (type) => {
    await expectRefusal(await send({ origin: FOREIGN, "content-type": type }), 403);
  });

  test.each<Record<string, string>>([
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "null" },
    { origin: "null", "sec-fetch-site": "cross-site" },
    { origin: FOREIGN, "sec-fetch-site": "cross-site" },
    { origin: "https://app.example.com.evil.example" },
    { origin: "http://127.0.0.1:1" },
    { origin: "http://undefined", "sec-fetch-site": "cross-site" },
    { origin: "http://null", "sec-fetch-site": "cross-site" },
    { origin: "tauri://localhost.evil.example" },
  ])("with %p", async (headers) => {
    await expectRefusal(await send(headers), 403);
    await expectRefusal(await send(headers, "/nowhere"), 403);
    await expectRefusal(await send(headers, "/accept", "DELETE"), 403);
  });

  test("if the browser says that its page has another origin, for example another scheme", async () => {
    for (const site of ["cross-site", "same-site"]) {
      await expectRefusal(await send({ origin: service.url, "sec-fetch-site": site }), 403);
    }
  });

  test("if it opens a WebSocket", async () => {
    for (const upgrade of ["websocket", "WebSocket"]) {
      await expectRefusal(await send({ origin: FOREIGN, upgrade }, "/fast", "GET"), 403);
      const own = await send({ origin: service.url, upgrade }, "/fast", "GET");
      expect(own.status).toBe(200);
      expect((await send({ upgrade }, "/fast", "GET")).status).toBe(200);
    }
  });

  test("and the response has the request's own id", async () => {
    const response = await send({ origin: FOREIGN, "x-request-id": "mine" });
    expect(response.headers.get("x-request-id")).toBe("mine");
  });
});

test.each([
  [403, "/accept", { origin: FOREIGN }],
  [415, "/no/such?token=s3cret", { "content-encoding": "gzip" }],
  [400, "/accept?token=s3cret", { host: "a b" }],
])(
  "a request that is refused with %d is logged with the reason, and counted",
  async (status, path, headers) => {
    const url = /metrics at ([^"]+)/.exec(service.output())?.[1] ?? "";
    const counted = async () => {
      const pattern = new RegExp(`^http_requests_total{.*"POST".*"${status}"} (.*)`, "m");
      return Number(pattern.exec(await (await fetch(url)).text())?.[1] ?? 0);
    };
    const before = await counted();
    const id = crypto.randomUUID();
    const options = { method: "POST", headers: { ...headers, "x-request-id": id } };
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
    request(service.url + path, options, resolve).end();
    expect((await promise).statusCode).toBe(status);
    expect(await counted()).toBe(before + 1);
    const line = `POST ${path.replace(/\?.*/, "")} ${status}`;
    await service.printed(new RegExp(`"level":"WARN".*refused a request: .*"requestId":"${id}"`));
    await service.printed(new RegExp(`"message":"${line}".*"requestId":"${id}"`));
    expect(service.output()).not.toContain("s3cret");
  },
);

test.each([
  [FOREIGN, 403],
  ["null", 403],
  ["https://app.example.com", 101],
])("a WebSocket that a page of %s opens is %d", async (origin, status) => {
  const headers = {
    origin,
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  const sent = request(`${service.url}/ws`, { headers }, resolve);
  sent.on("upgrade", (response, socket) => {
    socket.destroy();
    resolve(response);
  });
  sent.end();
  expect((await promise).statusCode).toBe(status);
});

describe("a request is served", () => {
  test("if no page sent it", async () => {
    expect((await send({})).status).toBe(200);
  });

  test("if it comes from a page of the service", async () => {
    expect((await send({ origin: service.url })).status).toBe(200);
    // A proxy in front may terminate TLS, and may send another Host than the browser did.
    const secure = service.url.replace("http:", "https:");
    expect((await send({ origin: secure })).status).toBe(200);
    const headers = { origin: "https://public.example", "sec-fetch-site": "same-origin" };
    expect((await send(headers)).status).toBe(200);
  });

  test.each([
    { host: "shop.example:443", origin: "https://shop.example" },
    { host: "shop.example:80", origin: "http://shop.example" },
    { host: "shop.example", origin: "https://shop.example" },
    { host: "10.0.0.7:3000", "x-forwarded-host": "shop.example", origin: "https://shop.example" },
    { "x-forwarded-host": "shop.example:443, edge", origin: "https://shop.example" },
  ])("if a proxy names the host in its own form: %p", async (headers) => {
    expect((await send({ ...headers })).status).toBe(200);
    await expectRefusal(await send({ ...headers, origin: FOREIGN }), 403);
  });

  test.each(["https://app.example.com", "tauri://localhost"])(
    "if its origin is trusted: %s",
    async (origin) => {
      expect((await send({ origin, "sec-fetch-site": "cross-site" })).status).toBe(200);
    },
  );

  test("if it changes nothing", async () => {
    const headers = { origin: FOREIGN, "sec-fetch-site": "cross-site" };
    expect((await send(headers, "/fast", "GET")).status).toBe(200);
    expect((await send(headers, "/fast", "OPTIONS")).status).toBe(204);
  });
});

describe("a Content-Encoding", () => {
  test.each(["gzip", "br", "gzip, identity", "x-unknown"])("%s is 415", async (encoding) => {
    for (const path of ["/accept", "/echo", "/nowhere"]) {
      const response = await send({ "content-encoding": encoding }, path);
      expect(response.headers.get("accept-encoding")).toBe("identity");
      await expectRefusal(response, 415);
    }
  });

  test("of a large body is 415, too: the response is not lost", async () => {
    const response = await fetch(`${service.url}/accept`, {
      method: "POST",
      headers: { "content-encoding": "gzip" },
      body: new Uint8Array(6_000_000),
    });
    await expectRefusal(response, 415);
  });

  test.each(["identity", "Identity", ""])("%p is accepted", async (encoding) => {
    expect((await send({ "content-encoding": encoding })).status).toBe(200);
  });
});
