// /api/articles: lists with filters and search; everybody may read an article, its author may change and delete it.
import { Hono } from "hono";
import { z } from "zod";
import { integer } from "#lib/env";
import { Problem, validate } from "#lib/http";
import { ID, parseId } from "../../id.ts";
import { requireUser } from "../sessions/require-user.ts";
import type { UserStore } from "../users/store.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { orders, sorts } from "./filter.ts";
import { highlight } from "./highlight.ts";
import {
  type Article,
  type ArticleChanges,
  type ArticleStore,
  articleChanges,
  type Found,
  newArticle,
} from "./store.ts";

const ARTICLE = `/api/articles/${ID}` as const;

/** The longest title and body (`newArticle`) take 0.6 MB if all their characters are `\uXXXX` escapes. */
const BODY = { maxBytes: 1024 * 1024 };

/** An optional query parameter; an empty one counts as missing. */
const parameter = <S extends z.ZodType<unknown, string>>(schema: S) =>
  z.preprocess((value?: string) => value || undefined, schema.optional());

const listQuery = z
  .object({
    author: parameter(integer({ min: 1, max: 2 ** 31 - 1 })),
    q: parameter(z.string().max(200)),
    sort: parameter(z.enum(sorts)),
    after: parameter(z.string().max(2000)),
    limit: parameter(integer({ min: 1, max: 100 })),
  })
  .refine(({ sort, q }) => sort !== "rank" || q !== undefined, {
    path: ["sort"],
    error: "requires `q`",
  });

export function articleRoutes(users: UserStore, articles: ArticleStore) {
  /** Articles are public, so another author's is 403, not 404: there is nothing to hide. */
  const ownArticle = async (idText: string, userId: number): Promise<number> => {
    const { id, author } = orNotFound(await articles.findArticle(parseId(idText)));
    if (author === userId) return id;
    throw new Problem(403, "Only the author may change or delete this article.");
  };

  const update = async (idText: string, userId: number, changes: ArticleChanges) => {
    const id = await ownArticle(idText, userId);
    return orNotFound(await articles.updateArticle(id, userId, changes));
  };

  return new Hono()
    .get("/api/articles", validate("query", listQuery), async (c) => {
      const { author, q, after, limit = 20, ...query } = c.req.valid("query");
      const sort = query.sort ?? (q ? "rank" : "-createdAt");
      const position = after === undefined ? undefined : decodeCursor(after, sort);
      // Reads one more than requested, to know whether there is a next page.
      const filter = { author, q, sort, after: position, limit: limit + 1 };
      const rows = await articles.listArticles(filter);
      const page = rows.slice(0, limit);
      // `as Found`: `rank` is read only if the articles are sorted by it, and then they are results of a search.
      const last = rows.length > limit ? (page.at(-1) as Found) : undefined;
      const next = last ? encodeCursor(sort, [last[orders[sort].column], last.id]) : null;
      return c.json({ items: highlight(page, q), next });
    })
    .post("/api/articles", requireUser(users), validate("json", newArticle, BODY), async (c) => {
      const article = await articles.createArticle(c.get("userId"), c.req.valid("json"));
      return c.json(article, 201, { location: `/api/articles/${article.id}` });
    })
    .get(ARTICLE, async (c) => {
      return c.json(orNotFound(await articles.findArticle(parseId(c.req.param("id")))));
    })
    .patch(ARTICLE, requireUser(users), validate("json", articleChanges, BODY), async (c) => {
      return c.json(await update(c.req.param("id"), c.get("userId"), c.req.valid("json")));
    })
    .put(ARTICLE, requireUser(users), validate("json", newArticle, BODY), async (c) => {
      return c.json(await update(c.req.param("id"), c.get("userId"), c.req.valid("json")));
    })
    .delete(ARTICLE, requireUser(users), async (c) => {
      const userId = c.get("userId");
      await articles.deleteArticle(await ownArticle(c.req.param("id"), userId), userId);
      return c.body(null, 204);
    });
}

function orNotFound(article: Article | undefined): Article {
  if (article) return article;
  throw new Problem(404, "There is no such article.");
}
