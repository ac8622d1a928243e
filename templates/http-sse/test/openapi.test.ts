// /openapi.json: valid OpenAPI 3.1, and true: the routes answer as it says.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { TestServer, TIMEOUT } from "./server.ts";

setDefaultTimeout(TIMEOUT);

interface Described {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<string, Record<string, { readonly responses: Record<string, unknown> }>>
  >;
}

let server: TestServer;
let document: Described;
beforeAll(async () => {
  server = await TestServer.start();
  document = await (await server.fetch("/openapi.json")).json();
});
afterAll(() => server[Symbol.asyncDispose]());

test("is valid OpenAPI 3.1", async () => {
  expect(document.openapi).toStartWith("3.1");
  const { valid, errors } = await new Validator().validate({ ...document });
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
});

test("describes the whole API", () => {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.toSorted()).toEqual([
    "GET /api/events",
    "GET /api/messages",
    "GET /api/messages/{id}",
    "GET /api/uploads/{id}",
    "GET /healthz",
    "GET /openapi.json",
    "GET /readyz",
    "POST /api/messages",
    "POST /api/uploads",
    "POST /api/uploads/{id}/analysis",
  ]);
});

test("each path answers the methods that are described, and no others", async () => {
  for (const [path, item] of Object.entries(document.paths)) {
    const response = await server.fetch(path.replace("{id}", "x"), { method: "DELETE" });
    expect(response.status).toBe(405);
    const allowed = response.headers.get("allow")?.split(", ") ?? [];
    const described = allowed.filter((method) => !["HEAD", "OPTIONS"].includes(method));
    expect(described.toSorted()).toEqual(
      Object.keys(item)
        .map((method) => method.toUpperCase())
        .toSorted(),
    );
  }
});

test("says what POST /api/messages validates", () => {
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
    parameters: [{ name: "idempotency-key", in: "header", required: false }],
  });
});
