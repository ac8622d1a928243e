// Program: the JSON route with nothing around it, to measure the overhead of a framework.
// With "planned-once" its query hides the limit's value from SQLite, as the starter's does: SQLite
// plans a query with a bare `LIMIT ?` again for each value.
import { Database } from "bun:sqlite";

const limitParameter = process.argv[2] === "planned-once" ? "+?" : "?";
const database = new Database(process.env.DATABASE);
const page = database.prepare<
  { id: string; topic: string; text: string; at: string },
  [number, number]
>(`SELECT text, id, topic, at FROM messages WHERE seq > ? ORDER BY seq LIMIT ${limitParameter}`);

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  routes: {
    "/api/messages": (request) => {
      const { searchParams } = new URL(request.url);
      const limit = Number(searchParams.get("limit") ?? 20);
      const rows = page.all(Number(searchParams.get("after") ?? 0), limit + 1);
      const items = rows.slice(0, limit);
      return Response.json({ items, next: rows.length > limit ? items.at(-1)?.id : null });
    },
  },
});
console.log(`listening on ${server.url.href}`);
