// /openapi.json: valid OpenAPI 3.1 that describes exactly the routes of the app.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { parseEnv } from "#lib/env";
import { Metrics } from "#lib/metrics";
import type { Resource, Service } from "#lib/service";
import { TestServer } from "../../../test/server.ts";
import { createApp } from "../../app.ts";
import { schema } from "../../env.ts";

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
  document = (await (await server.fetch("/openapi.json")).json()) as Described;
});
afterAll(() => server[Symbol.asyncDispose]());

test("is valid OpenAPI 3.1", async () => {
  expect(document.openapi).toStartWith("3.1");
  const { valid, errors } = await new Validator().validate({ ...document });
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
});

/** The app with a service that is never started. */
async function openApp(dataDir: string) {
  const env = parseEnv(schema, { DATA_DIR: dataDir });
  const resources: Resource[] = [];
  const service: Service = {
    metrics: new Metrics(),
    draining: new AbortController().signal,
    isStopping: false,
    get server(): never {
      throw new Error("The service does not listen.");
    },
    use: (resource) => {
      resources.push(resource);
      return resource;
    },
    websocket: () => undefined,
    ready: async () => undefined,
  };
  const app = await createApp(env, service);
  return {
    app,
    [Symbol.asyncDispose]: async () => {
      for (const resource of resources.toReversed()) await resource.close?.();
    },
  };
}

test("describes every route of the app, and no others", async () => {
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const folder = await mkdtemp(join(tmpdir(), "http-sse-openapi-"));
  {
    await using opened = await openApp(folder);
    // HTML and its assets are not a part of the API.
    const isAsset = (path: string) => path === "/" || /\.\w+$/.test(path);
    const routes = opened.app.routes
      .filter(
        ({ method, path }) => method !== "ALL" && (!isAsset(path) || path === "/openapi.json"),
      )
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
  }
  await rm(folder, { recursive: true, force: true });
});

test("each path supports the described methods, and no others", async () => {
  for (const [path, item] of Object.entries(document.paths)) {
    const response = await server.fetch(path.replace("{id}", "x"), { method: "PATCH" });
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
