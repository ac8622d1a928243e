// The OpenAPI document of an app, derived from its routes, and the page that tries them in a browser.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { z } from "zod";
import { integer } from "../src/env.ts";
import { type HttpEnv, Problem, problems, validate } from "../src/http.ts";
import { Lifecycle } from "../src/lifecycle.ts";
import { json, openapiRoutes } from "../src/openapi.ts";
import { healthRoutes } from "../src/service.ts";
import { until } from "./child.ts";

const Note = z.object({ id: z.string(), text: z.string() }).meta({ id: "Note" });
const newNote = z.object({ text: z.string().min(1).max(50) });

const needsToken = Object.assign(
  async (
    c: { req: { header: (name: string) => string | undefined } },
    next: () => Promise<void>,
  ) => {
    if (c.req.header("authorization") !== "Bearer secret") throw new Problem(401, "Send a token.");
    await next();
  },
  { security: [{ bearer: ["publish"] }] },
);

const app = new Hono<HttpEnv>();
app
  .onError(problems({ expose: true }))
  .use(async (_, next) => next())
  .route(
    "/",
    openapiRoutes(app, {
      title: "notes",
      version: "1.2.3",
      operations: {
        "GET /api/notes/{id}": {
          summary: "Read a note",
          responses: { 200: json("The note.", Note) },
        },
        "POST /api/notes": {
          summary: "Add a note",
          responses: { 201: json("The <stored> note.", Note) },
        },
        "POST /api/import": {
          summary: "Import notes",
          requestBody: { content: { "application/x-ndjson": { schema: z.string() } } },
          responses: { 200: { description: "The type of the body." } },
        },
        "GET /api/notes.csv": {
          summary: "Export notes",
          responses: { 200: { description: "Notes." } },
        },
        "GET /api/ticks": {
          summary: "Stream ticks",
          responses: { 200: { description: "Ticks." } },
        },
      },
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    }),
  )
  .get(
    "/api/notes/:id{[0-9]{1,3}}",
    validate(
      "query",
      z.object({
        lang: z.string().optional(),
        limit: integer({ min: 1, max: 100 }).default(20),
      }),
    ),
    (c) => c.json({ id: c.req.param("id"), text: c.req.valid("query").lang ?? "none" }),
  )
  .post("/api/notes", needsToken, validate("json", newNote), (c) =>
    c.json({ id: "1", ...c.req.valid("json") }, 201),
  )
  .post("/api/import", (c) => c.text(`received ${c.req.header("content-type")}`))
  .delete("/api/notes/:id", needsToken, (c) => c.body(null, 204))
  .get(
    "/api/ticks",
    () => new Response(ticks(), { headers: { "content-type": "text/event-stream" } }),
  )
  .get("/api/notes.csv", (c) => c.text("id,text"))
  .get("/api/kinds/:kind{news|sport}", (c) => c.text(c.req.param("kind")))
  .get("/", (c) => c.html("a page"))
  .get("/main.abc.js", (c) => c.text("an asset"))
  .route("/", healthRoutes(new Lifecycle()));

const streams = { opened: 0, open: 0 };

/** A stream that does not end. */
function ticks(): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue("data: tick\n\n");
      streams.opened += 1;
      streams.open += 1;
    },
    cancel() {
      streams.open -= 1;
    },
  });
}

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, server) => app.fetch(request, { server }),
});
afterAll(() => server.stop(true));

describe("the document", () => {
  let document: Record<string, Record<string, Record<string, Record<string, unknown>>>>;
  beforeAll(async () => {
    document = (await (
      await fetch(new URL("/openapi.json", server.url))
    ).json()) as typeof document;
  });

  test("has every route, and neither middleware nor pages", () => {
    const keys = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(keys.toSorted()).toEqual([
      "delete /api/notes/{id}",
      "get /api/kinds/{kind}",
      "get /api/notes.csv",
      "get /api/notes/{id}",
      "get /api/ticks",
      "get /healthz",
      "get /openapi.json",
      "get /readyz",
      "post /api/import",
      "post /api/notes",
    ]);
  });

  test("shows what validates the request, the pattern of a path parameter, and the responses", () => {
    expect(document.paths?.["/api/notes/{id}"]?.get).toMatchObject({
      summary: "Read a note",
      parameters: [
        { name: "id", in: "path", required: true, schema: { pattern: "^(?:[0-9]{1,3})$" } },
        { name: "lang", in: "query" },
        { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 100 } },
      ],
      responses: {
        200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Note" } } } },
        default: { content: { "application/problem+json": {} } },
      },
    });
    expect(document.paths?.["/api/notes/{id}"]?.get?.parameters).not.toContainEqual(
      expect.objectContaining({ name: "lang", required: true }),
    );
    expect(document.paths?.["/api/notes"]?.post).toMatchObject({
      requestBody: {
        required: true,
        content: { "application/json": { schema: { required: ["text"] } } },
      },
    });
  });

  test("has patterns that match completely, and URLs relative to itself", () => {
    const { parameters } = document.paths?.["/api/kinds/{kind}"]?.get ?? {};
    expect(parameters).toMatchObject([{ schema: { pattern: "^(?:news|sport)$" } }]);
    expect(document.servers).toEqual([{ url: "." }] as never);
  });

  test("allows further members of a problem", () => {
    expect(document.components?.schemas?.Problem).toMatchObject({ additionalProperties: {} });
  });

  test("shows the access that each route needs", () => {
    expect(document.paths?.["/api/notes"]?.post?.security).toEqual([
      { bearer: ["publish"] },
    ] as never);
    expect(document.paths?.["/api/notes/{id}"]?.delete?.security).toEqual([
      { bearer: ["publish"] },
    ] as never);
    expect(document.paths?.["/api/notes/{id}"]?.get?.security).toEqual([] as never);
    expect(document.components?.securitySchemes?.bearer).toEqual({
      type: "http",
      scheme: "bearer",
    } as never);
  });
});

test("the page has a strict policy, nothing inline, and escapes descriptions", async () => {
  const response = await fetch(new URL("/docs", server.url));
  expect(response.headers.get("content-security-policy")).toStartWith("default-src 'none'");
  const page = await response.text();
  expect(page).not.toMatch(/<script[^>]*>[^<]|<style|\son\w+=|\sstyle=/);
  expect(page).toContain("The &lt;stored&gt; note.");
  expect(page).toContain("bearer publish");
  for (const asset of ["/docs.js", "/docs.css"]) {
    expect((await fetch(new URL(asset, server.url))).status).toBe(200);
  }
});

const CHROMIUM = Bun.which("chromium");
if (!CHROMIUM) console.warn("skipped: the test of /docs needs Chromium");

test.skipIf(!CHROMIUM)(
  "a browser sends what its forms say, and shows a stream until it is stopped",
  async () => {
    await using view = new Bun.WebView({
      width: 900,
      height: 900,
      backend: { type: "chrome", url: false, argv: ["--no-sandbox"] },
    });
    await view.navigate(new URL("/docs", server.url).href);
    const form = (method: string, path: string) =>
      `document.querySelector('form[data-method="${method}"][data-path="${path}"]')`;
    const send = (selector: string, fields: Record<string, string>) =>
      view.evaluate(`(() => {
      const form = ${selector};
      form.closest("details").open = true;
      for (const [name, value] of Object.entries(${JSON.stringify(fields)})) form.elements[name].value = value;
      form.requestSubmit();
    })()`);
    const output = async (selector: string) =>
      String(await view.evaluate(`${selector}.querySelector("output").textContent`));

    const read = form("GET", "/api/notes/{id}");
    await send(read, { id: "7", lang: "a&b" });
    await until(async () => (await output(read)).includes('{"id":"7","text":"a&b"}'));

    const add = form("POST", "/api/notes");
    expect(await view.evaluate(`${add}.elements.body.value`)).toBe('{\n  "text": ""\n}');
    await send(add, {});
    await until(async () => (await output(add)).startsWith("401"));
    await view.evaluate(`document.querySelector("#token").value = "secret"`);
    await send(add, { body: '{"text":"hi"}' });
    await until(async () => (await output(add)).includes('{"id":"1","text":"hi"}'));

    const upload = form("POST", "/api/import");
    await view.evaluate(`(() => {
      const files = new DataTransfer();
      files.items.add(new File(["{}"], "notes.ndjson")); // Without a type, as for an unknown extension.
      ${upload}.elements.file.files = files.files;
    })()`);
    await send(upload, {});
    await until(async () => (await output(upload)).includes("received application/x-ndjson"));

    const stream = form("GET", "/api/ticks");
    const stop = () => view.evaluate(`${stream}.querySelector("button[type=button]").click()`);
    await send(stream, {});
    await until(async () => (await output(stream)).includes("data: tick"));
    await stop();
    await until(async () => (await output(stream)).includes("Stopped."));
    await until(() => streams.open === 0);

    // A request replaces the previous one of its form, so that Stop leaves none open.
    await send(stream, {});
    await until(() => streams.open === 1);
    await send(stream, {});
    await until(() => streams.opened === 3 && streams.open === 1);
    await until(async () => (await output(stream)).includes("data: tick"));
    expect(await output(stream)).not.toContain("Stopped.");
    await stop();
    await until(async () => (await output(stream)).includes("Stopped."));
    await until(() => streams.open === 0);
    expect(await view.evaluate(`${stream}.querySelector("button[type=button]").disabled`)).toBe(
      true,
    );
  },
);
