// Program: the point read in Hono with a prepared query of Drizzle, on Bun.
import { Database } from "bun:sqlite";
import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Hono } from "hono";

const articles = sqliteTable("articles", {
  id: integer("id").primaryKey(),
  author: integer("author").notNull(),
  title: text("title").notNull(),
  body: text("body").notNull(),
  createdAt: text("created_at").notNull(),
  updatedAt: text("updated_at").notNull(),
});
const database = drizzle(new Database(process.env.DATABASE, { readonly: true }));
const find = database
  .select()
  .from(articles)
  .where(eq(articles.id, sql.placeholder("id")))
  .prepare();

const app = new Hono();
app.get("/api/articles/:id", (context) => {
  const article = find.get({ id: Number(context.req.param("id")) });
  return article ? context.json(article) : context.notFound();
});
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: app.fetch,
});
console.log(`listening on ${server.url.href}`);
