// The additions to Hono, over real sockets: request ids, traces, methods, hosts, upgrades, bugs.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { request } from "node:http";
import { type Child, run, serve } from "./child.ts";

let service: Child;
beforeAll(async () => {
  service = await serve();
});
afterAll(() => service[Symbol.asyncDispose]());

/** A request with a custom Host, which fetch does not allow. */
function withHost(url: string, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, async (response) => {
      const chunks = await response.toArray();
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
    });
    sent.on("error", reject).end();
  });
}

describe("the request id", () => {
  test.each([
    ["a valid id", "a-1_b.c:d/e+f=g@h"],
    ["no id", undefined],
    ["an id with a space", "a b"],
    ["an id that is too long", "a".repeat(129)],
  ])("of a request with %s is in every response, with nosniff", async (_what, id) => {
    for (const path of ["/fast", "/bug", "/async-bug", "/nowhere", "/healthz"]) {
      const headers = id === undefined ? {} : { "x-request-id": id };
      const response = await fetch(service.url + path, { headers });
      const received = response.headers.get("x-request-id") ?? "";
      if (id !== undefined && /^\S{1,128}$/.test(id)) expect(received).toBe(id);
      else expect(received).toMatch(/^[\da-f-]{36}$/);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });
});

describe("methods", () => {
  test("OPTIONS lists what the path supports", async () => {
    const response = await fetch(`${service.url}/echo`, { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe("POST, OPTIONS");
  });

  test.each(["PUT", "DELETE", "PATCH", "POST"])("%s on a GET route is 405", async (method) => {
    const response = await fetch(`${service.url}/fast`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toContain("GET");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status: 405 });
  });

  test("HEAD works on a GET route, and is 405 on a POST route", async () => {
    const head = await fetch(`${service.url}/fast`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(`${service.url}/echo`, { method: "HEAD" })).status).toBe(405);
  });
});

test("an unknown path is a 404 problem without the query", async () => {
  const response = await fetch(`${service.url}/no/such?token=s3cret`);
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ detail: "There is nothing at /no/such." });
});

describe("the Host", () => {
  const DEV_HOSTS = "Box.example, other.,[2001:DB8:0:0::1]";
  let development: Child;
  beforeAll(async () => {
    development = run("service.ts", { NODE_ENV: "development", DEV_HOSTS });
    await development.printed(/listening on/);
  });
  afterAll(() => development[Symbol.asyncDispose]());

  test.each([
    ["localhost", 200],
    ["localhost:3000", 200],
    ["app.localhost:3000", 200],
    ["127.0.0.1", 200],
    ["[::1]:3000", 200],
    ["LOCALHOST.:3000", 200],
    ["127.8.0.1", 200],
    ["[0:0:0:0:0:0:0:1]", 200],
    ["[::ffff:127.0.0.1]:3000", 200],
    ["box.example:80", 200],
    ["box.example.", 200],
    ["other", 200],
    ["[2001:db8::1]:3000", 200],
    ["evil.example", 403],
    ["evil.example:3000", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost.evil.example", 403],
    ["box.example.evil.example", 403],
    ["localhost@evil.example", 400],
    ["127.evil.example", 403],
    ["[::ffff:8.8.8.8]", 403],
    ["[::2]", 403],
  ])("in development, Host %s is %d", async (host, status) => {
    expect((await withHost(`${development.url}/fast`, host)).status).toBe(status);
  });

  test.each(["a b", "a/b", "user@host", "%", "[", "localhost:99999"])(
    "the malformed Host %s is 400",
    async (host) => {
      const response = await withHost(`${service.url}/fast`, host);
      expect(response.status).toBe(400);
      expect(JSON.parse(response.body)).toMatchObject({
        detail: "Send a valid Host header field.",
      });
    },
  );

  test("in production any valid Host is served", async () => {
    expect((await withHost(`${service.url}/fast`, "evil.example")).status).toBe(200);
  });
});

describe("upgradeWebSocket", () => {
  const handshake = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };

  test("responds 101 with the request id, and is logged with both", async () => {
    const headers = { ...handshake, "x-request-id": "upgrade-1" };
    const received = Promise.withResolvers<unknown>();
    const sent = request(`${service.url}/ws`, { headers }).on("error", received.reject);
    sent.on("upgrade", (response, socket) => {
      received.resolve([response.statusCode, response.headers["x-request-id"]]);
      socket.destroy();
    });
    sent.end();
    expect(await received.promise).toEqual([101, "upgrade-1"]);
    await service.printed(/GET \/ws 101.*"requestId":"upgrade-1"/);
  });

  test("of a plain request is 426", async () => {
    const response = await fetch(`${service.url}/ws`);
    expect(response.status).toBe(426);
    expect(response.headers.get("upgrade")).toBe("websocket");
  });
});

describe("a bug is a 500 without internals, and is logged with the request id", () => {
  test("if an Error is thrown, also with its stack", async () => {
    const response = await fetch(`${service.url}/bug`, { headers: { "x-request-id": "bug-1" } });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    await service.printed(/"level":"ERROR".*"requestId":"bug-1".*"stack":.*service\.ts/);
    await service.printed(/GET \/bug 500.*"requestId":"bug-1"/);
  });

  test("if something else is thrown", async () => {
    const response = await fetch(`${service.url}/async-bug`, {
      headers: { "x-request-id": "bug-2" },
    });
    expect(response.status).toBe(500);
    expect(response.headers.get("x-request-id")).toBe("bug-2");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.text()).not.toContain("not an Error");
    await service.printed(/"level":"ERROR".*a handler threw not an Error.*"requestId":"bug-2"/);
    await service.printed(/GET \/async-bug 500.*"requestId":"bug-2"/);
  });
});

describe("traceparent", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const spanId = "b7ad6b7169203331";

  test("that is valid adds its ids to every line of the request", async () => {
    const headers = { traceparent: `00-${traceId}-${spanId}-01`, "x-request-id": "trace-1" };
    await (await fetch(`${service.url}/log`, { headers })).text();
    const ids = `"requestId":"trace-1","traceId":"${traceId}","spanId":"${spanId}"`;
    await service.printed(new RegExp(`"after an await".*${ids}`));
    await service.printed(new RegExp(`GET /log 200.*${ids}`));
  });

  test.each(["00-0-0-0", `00-${"0".repeat(32)}-${spanId}-01`, `ff-${traceId}-${spanId}-01`])(
    "that is invalid (%s) adds none",
    async (traceparent) => {
      const id = crypto.randomUUID();
      await fetch(`${service.url}/fast`, { headers: { traceparent, "x-request-id": id } });
      await service.printed(new RegExp(`GET /fast 200.*"requestId":"${id}"}}`));
    },
  );
});
