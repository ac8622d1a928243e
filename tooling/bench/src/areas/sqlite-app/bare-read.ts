// Program: the point read with nothing around it.
import { Database } from "bun:sqlite";

const database = new Database(process.env.DATABASE, { readonly: true });
const find = database.prepare(
  `SELECT id, author, title, body, created_at AS "createdAt", updated_at AS "updatedAt" FROM articles WHERE id = ?`,
);

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  routes: {
    "/api/articles/:id": ({ params }) => {
      const article = find.get(Number(params.id));
      return article ? Response.json(article) : new Response(null, { status: 404 });
    },
  },
});
console.log(`listening on ${server.url.href}`);
