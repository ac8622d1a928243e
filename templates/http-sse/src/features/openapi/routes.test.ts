// /openapi.json: valid OpenAPI 3.1 that describes every route of the app, with the access that it needs.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { TestServer } from "../../../test/server.ts";
// #region auth
import { bearer, SECRET, tokenOf } from "../auth/test-tokens.ts";
// #endregion
import { operations } from "./routes.ts";

interface Operation {
  readonly summary?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Described {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let server: TestServer;
let document: Described;
beforeAll(async () => {
  server = await TestServer.start();
  document = (await (await server.fetch("/openapi.json")).json()) as Described;
});
afterAll(() => server[Symbol.asyncDispose]());

/** Every operation, as method, path and description. */
const described = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );

test("is valid OpenAPI 3.1", async () => {
  expect(document.openapi).toStartWith("3.1");
  const { valid, errors } = await new Validator().validate({ ...document });
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
});

test("every route has a summary, and every description has a route", () => {
  const keys = described().map(({ method, path }) => `${method} ${path}`);
  expect(Object.keys(operations).filter((key) => !keys.includes(key))).toEqual([]);
  for (const { method, path, operation } of described()) {
    expect([method, path, operation.summary]).toEqual([method, path, expect.any(String)]);
  }
});

test("each path supports the described methods, and no others", async () => {
  for (const [path, item] of Object.entries(document.paths)) {
    const response = await server.fetch(path.replace("{id}", "x"), { method: "PUT" });
    expect(response.status).toBe(405);
    const allowed = response.headers.get("allow")?.split(", ") ?? [];
    const methods = allowed.filter((method) => !["HEAD", "OPTIONS"].includes(method));
    expect(methods.toSorted()).toEqual(
      Object.keys(item)
        .map((method) => method.toUpperCase())
        .toSorted(),
    );
  }
});

test("shows the schema that POST /api/messages validates", () => {
  expect(document.paths["/api/messages"]?.post).toMatchObject({
    requestBody: {
      content: {
        "application/json": {
          schema: {
            required: ["text"],
            properties: { text: { type: "string", minLength: 1, maxLength: 2000 } },
          },
        },
      },
    },
    // Optional: `required` is false by default.
    parameters: [{ name: "idempotency-key", in: "header" }],
  });
});

test("GET /docs lists every route", async () => {
  const page = await (await server.fetch("/docs")).text();
  for (const { path } of described()) expect(page).toContain(path);
});

// #region uploads
test("allows any media type of a download", async () => {
  const upload = await server.fetch("/api/uploads?name=a.txt", { method: "POST", body: "hello" });
  const download = await server.fetch(upload.headers.get("location") ?? "");
  expect(download.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(document.paths["/api/uploads/{id}"]?.get?.responses).toMatchObject({
    200: { content: { "*/*": {} } },
    206: { content: { "*/*": {} } },
  });
});
// #endregion

// #region auth
test("shows the access of each route: exactly the routes with access are 401 without a token", async () => {
  await using closed = await TestServer.start({ AUTH_SECRET: SECRET });
  const { headers } = await closed.fetch("/api/messages", { method: "POST" });
  expect(headers.get("www-authenticate")).toBe("Bearer");
  // A message of a private topic, because a route may respond with 404 to an unknown id.
  const token = await tokenOf({ publish: ["private"] });
  const { id } = await closed.post("hello", bearer(token), "private");
  for (const { method, path, operation } of described()) {
    const abort = new AbortController();
    const url = path.replace("{id}", id);
    const response = await closed.fetch(`${url}?topic=private`, { method, signal: abort.signal });
    abort.abort();
    const access = operation.security.flatMap((scheme) => scheme.bearer ?? []);
    expect([method, path, response.status === 401]).toEqual([method, path, access.length > 0]);
    expect([path, access]).toEqual([
      path,
      path.startsWith("/api/") ? [method === "GET" ? "subscribe" : "publish"] : [],
    ]);
  }
});
// #endregion
