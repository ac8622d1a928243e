// Program: the point read in Fastify and better-sqlite3 on Node.js, with validation, without a log.
import Database from "better-sqlite3";
import Fastify from "fastify";

const database = new Database(process.env.DATABASE, { readonly: true });
const find = database.prepare(
  `SELECT id, author, title, body, created_at AS "createdAt", updated_at AS "updatedAt" FROM articles WHERE id = ?`,
);

const article = {
  type: "object",
  properties: {
    id: { type: "integer" },
    author: { type: "integer" },
    title: { type: "string" },
    body: { type: "string" },
    createdAt: { type: "string" },
    updatedAt: { type: "string" },
  },
};
const schema = {
  params: { type: "object", properties: { id: { type: "integer", minimum: 1 } } },
  response: { 200: article },
};

const app = Fastify({ logger: false });
app.get("/api/articles/:id", { schema }, (request, reply) => {
  const found = find.get(request.params.id);
  if (found) reply.send(found);
  else reply.code(404).send();
});
console.log(`listening on ${await app.listen({ host: "127.0.0.1", port: 0 })}`);
