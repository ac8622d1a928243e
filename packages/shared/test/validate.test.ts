// Input that validation accepts and refuses, over real sockets: JSON bodies in every state, queries, nested input.
import { afterAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { Hono } from "hono";
import { z } from "zod";
import { invalidInput, problems, validate } from "../src/http.ts";
import { discardUnreadBody } from "../src/request-body.ts";
import { until } from "./child.ts";

const schema = z.object({
  text: z.string().min(1),
  tags: z.array(z.object({ "a/b~": z.number() })).optional(),
});
const bugs: unknown[] = [];
const throwing = z.object({
  x: z.string().transform((text) => {
    if (text === "type") throw new TypeError("in the schema");
    return new Date(text).toISOString();
  }),
});

const app = new Hono()
  .onError(
    problems({
      expose: false,
      toProblem: (error) => {
        bugs.push(error);
        return undefined;
      },
    }),
  )
  .post("/echo", validate("json", schema, { maxBytes: 100 }), (c) => c.json(c.req.valid("json")))
  .post("/deep", validate("json", z.json(), { maxBytes: 1e6 }), (c) => c.body(null, 204))
  .post("/default", validate("json", z.unknown()), (c) => c.body(null, 204))
  .post("/list", validate("json", z.array(z.string())), (c) => c.body(null, 204))
  .post("/throws", validate("json", throwing), (c) => c.body(null, 204))
  .get("/query", validate("query", z.object({ n: z.coerce.number() })), (c) =>
    c.json(c.req.valid("query")),
  );
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  fetch: async (request, server) => {
    const response = await app.fetch(request, { server });
    await discardUnreadBody(request);
    return response;
  },
});
afterAll(() => server.stop(true));
const url = server.url.href.slice(0, -1);

const post = (
  body: string | Uint8Array<ArrayBuffer> | ReadableStream,
  headers: Record<string, string> = {},
  path = "/echo",
) =>
  fetch(url + path, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });

/** The same bytes without a Content-Length. */
const chunked = (text: string) => new Blob([text]).stream();

async function expectProblem(response: Response, status: number, members: object = {}) {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as { errors?: unknown };
  expect(body).toMatchObject({ status, ...members });
  expect(response.status).toBe(status);
  return body;
}

describe("a JSON body", () => {
  const exact = JSON.stringify({ text: "a".repeat(100 - '{"text":""}'.length) });

  test.each([
    ["with Content-Length", () => exact],
    ["chunked", () => chunked(exact)],
  ])("of exactly the limit is accepted (%s)", async (_how, body) => {
    expect(await (await post(body())).json()).toEqual(JSON.parse(exact));
  });

  test.each([
    ["with Content-Length", () => `${exact} `],
    ["chunked", () => chunked(`${exact} `)],
  ])("of one byte more is 413 (%s)", async (_how, body) => {
    await expectProblem(await post(body()), 413, { detail: "The body is longer than 100 bytes." });
  });

  test("has a limit of 64 KiB by default", async () => {
    const size = 64 * 1024;
    expect((await post(`"${"x".repeat(size - 2)}"`, {}, "/default")).status).toBe(204);
    await expectProblem(await post(`"${"x".repeat(size - 1)}"`, {}, "/default"), 413);
  });

  test.each([
    ["empty", ""],
    ["half a value", '{"text":'],
    ["two values", "{} {}"],
    ["unclosed brackets", "[".repeat(100)],
  ])("that is %s is 400", async (_what, body) => {
    await expectProblem(await post(body), 400);
    await expectProblem(await post(chunked(body)), 400);
  });

  test("that is not UTF-8 is 400, with Content-Length and chunked", async () => {
    const bytes = Uint8Array.from([0x22, 0xf0, 0x9f, 0x98, 0x22]);
    await expectProblem(await post(bytes), 400);
    await expectProblem(await post(new Blob([bytes]).stream()), 400);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])(
    "of the type %p is 415 and names the right one",
    async (type) => {
      const response = await post("{}", { "content-type": type });
      expect(response.headers.get("accept")).toBe("application/json");
      await expectProblem(response, 415);
    },
  );

  test.each(["application/json; charset=utf-8", "Application/JSON", "application/ld+json"])(
    "of the type %p is JSON",
    async (type) => {
      expect((await post('{"text":"x"}', { "content-type": type })).status).toBe(200);
    },
  );

  test("that is invalid is 422 with one entry per field, as JSON Pointers", async () => {
    const response = await post('{"text":"","tags":[{"a/b~":1},{"a/b~":"no"}]}');
    const { errors } = await expectProblem(response, 422);
    expect(errors).toEqual([
      { pointer: "/text", detail: expect.any(String) },
      { pointer: "/tags/1/a~1b~0", detail: expect.any(String) },
    ]);
  });

  test("with __proto__ changes no object", async () => {
    const response = await post('{"text":"x","__proto__":{"polluted":true}}');
    expect(await response.json()).toEqual({ text: "x" });
    expect({}).not.toHaveProperty("polluted");
  });

  test("that is nested too deeply for a recursive schema is 422", async () => {
    const response = await post("[".repeat(400_000) + "]".repeat(400_000), {}, "/deep");
    await expectProblem(response, 422, { detail: "The input is nested too deeply." });
  });
});

test("a query that is invalid is 422", async () => {
  expect(await (await fetch(`${url}/query?n=7`)).json()).toEqual({ n: 7 });
  const { errors } = await expectProblem(await fetch(`${url}/query?n=x`), 422);
  expect(errors).toMatchObject([{ pointer: "/n" }]);
});

test.each([
  ["TypeError", "type"],
  ["RangeError", "not a date"],
])("a %s of the schema's own code is a bug, not invalid input", async (name, x) => {
  bugs.length = 0;
  await expectProblem(await post(JSON.stringify({ x }), {}, "/throws"), 500);
  expect(bugs).toEqual([expect.objectContaining({ name })]);
});

test("invalidInput has an entry per issue", () => {
  const { error } = schema.safeParse({});
  expect(invalidInput(error?.issues ?? []).options.errors).toMatchObject([{ pointer: "/text" }]);
});

test("a long list of invalid items has a short response", async () => {
  const response = await post(JSON.stringify(Array(30_000).fill(0)), {}, "/list");
  const { errors } = await expectProblem(response, 422);
  expect(errors).toHaveLength(100);
});

test.each([
  ["content-length: 50", '{"text"'],
  ["transfer-encoding: chunked", '7\r\n{"text"\r\n'],
])("a client that disconnects while it sends JSON is not a bug (%s)", async (header, body) => {
  bugs.length = 0;
  const socket = connect(server.port ?? 0, "127.0.0.1", () => {
    socket.write(
      `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${header}\r\n\r\n${body}`,
    );
  });
  await until(() => server.pendingRequests > 0);
  socket.destroy();
  await until(() => server.pendingRequests === 0);
  expect(bugs).toEqual([]);
});
