// Program: a static server in Hono on Bun, which serves precompressed files.
import { Hono } from "hono";
import { serveStatic } from "hono/bun";

const app = new Hono();
app.use("/*", serveStatic({ root: process.env.FOLDER, precompressed: true }));

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: app.fetch,
});
console.log(`listening on ${server.url.href}`);
