// Program: the JSON route in Fastify and better-sqlite3 on Node.js, with validation, without a log.
import Database from "better-sqlite3";
import Fastify from "fastify";

const database = new Database(process.env.DATABASE);
const page = database.prepare(
  "SELECT text, id, topic, at FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
);

const message = {
  type: "object",
  properties: {
    text: { type: "string" },
    id: { type: "string" },
    topic: { type: "string" },
    at: { type: "string" },
  },
};
const schema = {
  querystring: {
    type: "object",
    properties: {
      limit: { type: "integer", minimum: 1, maximum: 100, default: 20 },
      after: { type: "integer", minimum: 0, default: 0 },
    },
  },
  response: {
    200: {
      type: "object",
      properties: {
        items: { type: "array", items: message },
        next: { type: ["string", "null"] },
      },
    },
  },
};

const app = Fastify({ logger: false });
app.get("/api/messages", { schema }, (request, reply) => {
  const { limit, after } = request.query;
  const rows = page.all(after, limit + 1);
  const items = rows.slice(0, limit);
  reply.send({ items, next: rows.length > limit ? items.at(-1).id : null });
});
console.log(`listening on ${await app.listen({ host: "127.0.0.1", port: 0 })}`);
