// Program: the JSON route in Hono on Bun.
import { Database } from "bun:sqlite";
import { Hono } from "hono";

const database = new Database(process.env.DATABASE);
const page = database.prepare(
  "SELECT text, id, topic, at FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
);

const app = new Hono();
app.get("/api/messages", (c) => {
  const limit = Number(c.req.query("limit") ?? 20);
  const rows = page.all(Number(c.req.query("after") ?? 0), limit + 1);
  const items = rows.slice(0, limit);
  return c.json({ items, next: rows.length > limit ? items.at(-1).id : null });
});

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: app.fetch,
});
console.log(`listening on ${server.url.href}`);
