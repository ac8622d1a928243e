// Problem responses over real sockets: each status in its shape, and bodies that are anything but well.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { BunRequest } from "bun";
import { z } from "zod";
import { methods, notFound, Problem, problems, readJson, validate } from "../src/problem.ts";
import { until } from "./child.ts";

const reported: unknown[] = [];
const report = (error: unknown) => void reported.push(error);
const guarded = problems<undefined>({ expose: false, report });
const exposed = problems<undefined>({ expose: true, report });

const schema = z.object({
  text: z.string().min(1),
  tags: z.array(z.object({ "a/b": z.number() })).optional(),
});
const fail = (error: unknown) => () => {
  throw error;
};

const routes = {
  "/echo": guarded(
    methods({
      GET: () => new Response("got"),
      POST: async (request) => Response.json(await readJson(request, schema, 100)),
    }),
  ),
  "/deep": guarded(
    methods({ POST: async (request) => Response.json(await readJson(request, z.json(), 1e6)) }),
  ),
  "/form": guarded(async (request) => {
    await request.formData();
    return new Response();
  }),
  "/url": guarded((request) => new Response(new URL(request.url).search)),
  "/limited": guarded(
    fail(new Problem(429, "Slow down.", { type: "/limits", headers: { "retry-after": "7" } })),
  ),
  "/busy": guarded(fail(new Problem(503, "The queue is full."))),
  "/bug": guarded(fail(new TypeError("inside"))),
  "/rejects": guarded(() => Promise.reject(new TypeError("inside"))),
  "/nothing": guarded(fail(undefined)),
  "/exposed": exposed(fail(new TypeError("inside"))),
  "/*": guarded(notFound),
};
const server = Bun.serve<undefined, string>({
  hostname: "127.0.0.1",
  port: 0,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  routes,
} as Bun.Serve.Options<undefined, string>);
afterAll(() => server.stop(true));
beforeEach(() => {
  reported.length = 0;
});

const url = server.url.href.slice(0, -1);
const post = (body: string | Uint8Array<ArrayBuffer> | ReadableStream, type = "application/json") =>
  fetch(`${url}/echo`, { method: "POST", body, headers: { "content-type": type } });

/** The same bytes without a Content-Length. */
const chunked = (text: string) => new Blob([text]).stream();

/** What the server answers to bytes that no HTTP client would send. */
function raw(bytes: string, hangUp = false): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(server.port ?? 0, "127.0.0.1", () => {
    socket.write(bytes);
    if (hangUp) setTimeout(() => socket.destroy(), 50);
  });
  socket.once("data", (data) => {
    resolve(String(data));
    socket.destroy();
  });
  socket.on("close", () => resolve(""));
  return promise;
}

async function expectProblem(response: Response, status: number, members: object = {}) {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ status, ...members });
  expect(Object.keys(body)).toEqual(expect.arrayContaining(["type", "title", "status", "detail"]));
  return body;
}

describe("a problem", () => {
  test("has the members of RFC 9457 and its own header fields", async () => {
    const response = await fetch(`${url}/limited`);
    expect(response.headers.get("retry-after")).toBe("7");
    const body = await expectProblem(response, 429);
    expect(body).toEqual({
      type: "/limits",
      title: "Too Many Requests",
      status: 429,
      detail: "Slow down.",
    });
  });

  test("of status 503 says when to come again", async () => {
    const response = await fetch(`${url}/busy`);
    expect(response.headers.get("retry-after")).toBe("1");
    await expectProblem(response, 503, { title: "Service Unavailable" });
  });

  test("is the answer to an unknown path", async () => {
    await expectProblem(await fetch(`${url}/no/such?x`), 404, {
      detail: "There is nothing at /no/such.",
    });
  });

  test.each(["/bug", "/rejects", "/nothing"])(
    "hides a bug, which is reported (%s)",
    async (path) => {
      const body = await expectProblem(await fetch(url + path), 500, {
        title: "Internal Server Error",
      });
      expect(JSON.stringify(body)).not.toContain("inside");
      expect(reported.length).toBe(1);
    },
  );

  test("shows the bug where that is wanted", async () => {
    await expectProblem(await fetch(`${url}/exposed`), 500, { detail: "TypeError: inside" });
  });

  test("leaves a synchronous handler without a promise", () => {
    const handler = guarded(methods({ GET: () => new Response() }));
    const request = new Request(url) as BunRequest;
    expect(handler(request, server)).toBeInstanceOf(Response);
    expect(guarded(notFound)(request, server)).toBeInstanceOf(Response);
  });
});

describe("methods", () => {
  test("HEAD is GET without its body", async () => {
    const response = await fetch(`${url}/echo`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    await expectProblem(await fetch(`${url}/deep`), 405);
    expect((await fetch(`${url}/deep`, { method: "HEAD" })).status).toBe(405);
  });

  test("OPTIONS tells what there is", async () => {
    const response = await fetch(`${url}/echo`, { method: "OPTIONS" });
    expect([response.status, response.headers.get("allow")]).toEqual([
      204,
      "GET, POST, HEAD, OPTIONS",
    ]);
  });

  test.each(["PUT", "DELETE", "PATCH"])("%s is 405 with Allow", async (method) => {
    const response = await fetch(`${url}/echo`, { method });
    expect(response.headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
    await expectProblem(response, 405);
  });

  test.each(["__proto__", "constructor", "toString"])("knows no method %s", (method) => {
    const handler = methods<undefined>({ GET: () => new Response() });
    expect(() => handler({ method, url } as BunRequest, server)).toThrow("is not supported here");
  });
});

describe("readJson", () => {
  const exact = JSON.stringify({ text: "a".repeat(100 - '{"text":""}'.length) });

  test.each([
    ["its Content-Length", exact],
    ["chunks", chunked(exact)],
  ])("takes a body of just the limit by %s", async (_how, body) => {
    expect(await (await post(body)).json()).toEqual(JSON.parse(exact));
  });

  test.each([
    ["its Content-Length", `${exact} `],
    ["chunks", chunked(`${exact} `)],
  ])("a byte more is 413 by %s", async (_how, body) => {
    await expectProblem(await post(body), 413, { detail: "The body is longer than 100 bytes." });
  });

  test("413 comes before an endless body has ended", async () => {
    const answer = await raw(
      `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n65\r\n${"x".repeat(101)}\r\n`,
    );
    expect(answer).toStartWith("HTTP/1.1 413");
  });

  test.each([
    ["nothing", ""],
    ["half of a value", '{"text":'],
    ["two values", "{} {}"],
    ["brackets that never close", "[".repeat(100)],
  ])("%s is 400", async (_what, body) => {
    await expectProblem(await post(body), 400, { detail: "The body is not valid JSON." });
  });

  test("bytes that are not UTF-8 are 400, by Content-Length and in chunks", async () => {
    const bytes = Uint8Array.from([0x22, 0xf0, 0x9f, 0x98, 0x22]);
    const detail = "The body is not valid UTF-8.";
    await expectProblem(await post(bytes), 400, { detail });
    await expectProblem(await post(new Blob([bytes]).stream()), 400, { detail });
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])(
    "the type %p is 415 and names the right one",
    async (type) => {
      const response = await post("{}", type);
      expect(response.headers.get("accept")).toBe("application/json");
      await expectProblem(response, 415);
    },
  );

  test.each(["application/json; charset=utf-8", "Application/JSON", "application/ld+json"])(
    "the type %p is JSON",
    async (type) => {
      expect((await post('{"text":"x"}', type)).status).toBe(200);
    },
  );

  test("422 has an entry for each fault, with a JSON Pointer", async () => {
    const response = await post('{"text":"","tags":[{"a/b":1},{"a/b":"no"}]}');
    const { errors } = await expectProblem(response, 422);
    expect(errors).toEqual([
      { pointer: "/text", detail: expect.any(String) },
      { pointer: "/tags/1/a~1b", detail: expect.any(String) },
    ]);
  });

  test("__proto__ in a body changes no object", async () => {
    const response = await post('{"text":"x","__proto__":{"polluted":true}}');
    expect(await response.json()).toEqual({ text: "x" });
    expect({}).not.toHaveProperty("polluted");
  });

  test("what is nested too deeply for a recursive schema is 422", async () => {
    const response = await fetch(`${url}/deep`, {
      method: "POST",
      body: "[".repeat(400_000) + "]".repeat(400_000),
      headers: { "content-type": "application/json" },
    });
    await expectProblem(response, 422, { detail: "The input is nested too deeply." });
  });
});

describe("no bug is reported when", () => {
  test.each([
    ["content-length: 50", '{"text"'],
    ["transfer-encoding: chunked", '7\r\n{"text"\r\n'],
  ])("a client leaves in the middle of its JSON (%s)", async (header, body) => {
    const before = server.pendingRequests;
    await raw(
      `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${header}\r\n\r\n${body}`,
      true,
    );
    await until(() => server.pendingRequests === before);
    expect(reported).toEqual([]);
  });

  test("a client leaves in the middle of a form", async () => {
    await raw(
      "POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 50\r\n\r\n--b\r\n",
      true,
    );
    await until(() => server.pendingRequests === 0);
    expect(reported).toEqual([]);
  });

  test.each(["GET /url HTTP/1.0\r\n\r\n", "GET /url HTTP/1.1\r\nhost: [\r\n\r\n"])(
    "a request has no valid Host: %j is 400",
    async (bytes) => {
      expect(await raw(bytes)).toStartWith("HTTP/1.1 400");
      expect(reported).toEqual([]);
    },
  );
});

test("validate gives the parsed value, and passes on an error of the schema's own code", () => {
  expect(validate(z.coerce.number(), "7")).toBe(7);
  const bug = new TypeError("in the schema");
  expect(() => validate(z.string().transform(fail(bug)), "x")).toThrow(bug);
});
