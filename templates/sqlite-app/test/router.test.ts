// The router of the app: static paths that overlap with parameters, which RegExpRouter alone refuses.
import { expect, test } from "bun:test";
import { Hono } from "hono";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { StaticPathRouter } from "../src/router.ts";

function respond(app: Hono) {
  app
    .use(async (c, next) => {
      await next();
      c.header("x-middleware", "ran");
    })
    .get("/items/:id{[0-9]+}", (c) => c.text(`item ${c.req.param("id")}`))
    .get("/items/export", (c) => c.text("export"))
    .post("/items/:id/tags", (c) => c.text(`tags of ${c.req.param("id")}`));
  return async (method: string, path: string) => {
    const response = await app.request(path, { method });
    const text = response.ok ? await response.text() : String(response.status);
    return [text, response.headers.get("x-middleware")];
  };
}

test("static paths and parameters reach their handlers, and middleware runs for both", async () => {
  const request = respond(new Hono({ router: new StaticPathRouter() }));
  expect(await request("GET", "/items/7")).toEqual(["item 7", "ran"]);
  expect(await request("GET", "/items/export")).toEqual(["export", "ran"]);
  expect(await request("POST", "/items/export/tags")).toEqual(["tags of export", "ran"]);
  expect(await request("POST", "/items/export")).toEqual(["404", "ran"]);
  expect(await request("GET", "/items/x")).toEqual(["404", "ran"]);
});

test("paths whose parameters overlap work, and do not break the other routes", async () => {
  const app = new Hono({ router: new StaticPathRouter() });
  const request = respond(app);
  app.get("/:type/list", (c) => c.text(`list of ${c.req.param("type")}`));
  app.get("/items/:id/tags", (c) => c.text(`read tags of ${c.req.param("id")}`));
  expect(await request("GET", "/notes/list")).toEqual(["list of notes", "ran"]);
  expect(await request("GET", "/items/7/tags")).toEqual(["read tags of 7", "ran"]);
  expect(await request("GET", "/items/7")).toEqual(["item 7", "ran"]);
  expect(await request("GET", "/items/export")).toEqual(["export", "ran"]);
});

test("RegExpRouter still refuses such paths; if this fails, remove src/router.ts", () => {
  expect(() => respond(new Hono({ router: new RegExpRouter() }))).toThrow("/items/export");
});
