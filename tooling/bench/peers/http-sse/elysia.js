// Program: the JSON route in Elysia on Bun, with its own validation.
import { Database } from "bun:sqlite";
import { Elysia, t } from "elysia";

const database = new Database(process.env.DATABASE);
const page = database.prepare(
  "SELECT text, id, topic, at FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
);

const query = t.Object({
  limit: t.Numeric({ minimum: 1, maximum: 100, default: 20 }),
  after: t.Numeric({ minimum: 0, default: 0 }),
});
const app = new Elysia()
  .get(
    "/api/messages",
    ({ query: { limit, after } }) => {
      const rows = page.all(after, limit + 1);
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? items.at(-1).id : null };
    },
    { query },
  )
  .listen({ hostname: "127.0.0.1", port: 0 });
console.log(`listening on http://127.0.0.1:${app.server.port}/`);
