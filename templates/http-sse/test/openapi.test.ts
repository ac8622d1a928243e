// /openapi.json: valid OpenAPI 3.1, and true: the routes answer as it says.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import * as groups from "../src/routes/index.ts";
import { TestServer, TIMEOUT } from "./server.ts";

setDefaultTimeout(TIMEOUT);

/** What each group of routes offers; the page is not part of the API. */
const API: Readonly<Record<string, readonly string[]>> = {
  analysis: ["POST /api/uploads/{id}/analysis"],
  events: ["GET /api/events"],
  health: ["GET /healthz", "GET /readyz"],
  messages: ["GET /api/messages", "GET /api/messages/{id}", "POST /api/messages"],
  openapi: ["GET /openapi.json"],
  page: [],
  uploads: ["GET /api/uploads/{id}", "POST /api/uploads"],
};

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

test("describes every group of routes", () => {
  expect(Object.keys(API)).toEqual(expect.arrayContaining(Object.keys(groups)));
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const expected = Object.keys(groups).flatMap((group) => API[group] ?? []);
  expect(operations.toSorted()).toEqual(expected.toSorted());
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

test.skipIf(!("messages" in groups))("says what POST /api/messages validates", () => {
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
