// Errors as problem details over real sockets: the shape of each status, and no bug reported that is not one.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import {
  type HttpEnv,
  notFound,
  Problem,
  problems,
  requestLog,
  storeUnavailable,
} from "../src/http.ts";
import { until } from "./child.ts";

const fail = (error: unknown) => () => {
  throw error;
};

/** Errors that `toProblem` was asked about: those that are neither problems nor Hono's. */
const unknown: Error[] = [];
beforeEach(() => {
  unknown.length = 0;
});
const toProblem = (error: Error) => {
  unknown.push(error);
  return error instanceof RangeError ? new Problem(409, "Out of range.") : undefined;
};

const exposed = new Hono()
  .onError(problems({ expose: true }))
  .get("/exposed", fail(new TypeError("internal")));
const app = new Hono<HttpEnv>();
app
  .onError(problems({ expose: false, toProblem }))
  .notFound(notFound(app))
  .use(requestLog())
  .get(
    "/limited",
    fail(
      new Problem(429, "Slow down.", {
        members: { type: "/limits" },
        headers: { "retry-after": "7" },
      }),
    ),
  )
  .get("/members", fail(new Problem(422, "No.", { members: { conflict: "b" }, errors: [1] })))
  .get("/busy", fail(new Problem(503, "The queue is full.")))
  .get("/store", fail(storeUnavailable(new Error("disk"))))
  .get("/full/:code", (c) => {
    const code = c.req.param("code");
    throw storeUnavailable(Object.assign(new Error("disk"), { code }));
  })
  .get("/range", fail(new RangeError("internal")))
  .get("/bug", fail(new TypeError("internal")))
  .get("/rejects", () => Promise.reject(new TypeError("internal")))
  .get("/nothing", fail(undefined))
  .get("/token", bearerAuth({ token: "s3cret" }))
  .post("/form", async (c) => {
    await c.req.raw.formData();
    return c.body(null);
  })
  .route("/", exposed);

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, server) => app.fetch(request, { server }),
});
afterAll(() => server.stop(true));
const url = server.url.href.slice(0, -1);

/** The response to bytes that no HTTP client would send. */
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

async function expectProblem(path: string, status: number, members: object = {}) {
  const response = await fetch(url + path);
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ status, ...members });
  expect(Object.keys(body)).toEqual(expect.arrayContaining(["type", "title", "status", "detail"]));
  return { body, headers: response.headers };
}

describe("a problem", () => {
  test("has the members of RFC 9457 and its own header fields", async () => {
    const { body, headers } = await expectProblem("/limited", 429);
    expect(headers.get("retry-after")).toBe("7");
    const title = "Too Many Requests";
    expect(body).toEqual({ type: "/limits", title, status: 429, detail: "Slow down." });
  });

  test("may have further members", async () => {
    await expectProblem("/members", 422, { conflict: "b", errors: [1], type: "about:blank" });
  });

  test.each(["/busy", "/store"])("of status 503 has Retry-After (%s)", async (path) => {
    const { headers, body } = await expectProblem(path, 503, { title: "Service Unavailable" });
    expect(headers.get("retry-after")).toBe("1");
    expect(JSON.stringify(body)).not.toContain("disk");
  });

  test.each(["ENOSPC", "EDQUOT", "EFBIG", "SQLITE_FULL"])(
    "of a disk without space is 507 (%s)",
    async (code) => {
      await expectProblem(`/full/${code}`, 507, { title: "Insufficient Storage" });
    },
  );

  test("is the response to an unknown path", async () => {
    await expectProblem("/no/such?x", 404, { detail: "There is nothing at /no/such." });
  });

  test("is what toProblem makes of an error", async () => {
    await expectProblem("/range", 409, { detail: "Out of range." });
  });

  test.each(["/bug", "/rejects", "/nothing"])("hides the message of a bug (%s)", async (path) => {
    const { body } = await expectProblem(path, 500, { title: "Internal Server Error" });
    expect(JSON.stringify(body)).not.toContain("internal");
  });

  test("shows the message of a bug if `expose` is set", async () => {
    await expectProblem("/exposed", 500, { detail: "TypeError: internal" });
  });

  test("keeps the challenge of Hono's own middleware", async () => {
    const { headers } = await expectProblem("/token", 401, { title: "Unauthorized" });
    expect(headers.get("www-authenticate")).toStartWith("Bearer");
  });
});

describe("no bug is reported when", () => {
  test("a client disconnects while it sends a form", async () => {
    await raw(
      "POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 50\r\n\r\n--b\r\n",
      true,
    );
    await until(() => server.pendingRequests === 0);
    expect(unknown).toEqual([]);
  });
});
