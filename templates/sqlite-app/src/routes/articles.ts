// /api/articles: lists with filters and search, and one article to read; its author may change and delete it.
import { Problem, readJson } from "#lib/problem";
import { authenticate } from "../auth/tokens.ts";
import { articleChanges, articleQuery, newArticle } from "../schemas.ts";
import { orders, type SortColumn } from "../store/filter.ts";
import type { Article, Found } from "../store/store.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Handler, Routes, Services } from "./group.ts";
import { highlight } from "./highlight.ts";
import { idOf, queryOf } from "./parameters.ts";

export function articles({ store }: Services): Routes {
  const create: Handler = async (request) => {
    const author = await authenticate(request, store);
    const article = await store.createArticle(
      author,
      await readJson(request, newArticle, MAX_BODY),
    );
    const headers = { location: `/api/articles/${article.id}` };
    return Response.json(article, { status: 201, headers });
  };

  const list: Handler = async (request) => {
    const {
      author,
      q,
      sort = q ? "rank" : "-createdAt",
      after,
      limit = 20,
    } = queryOf(request, articleQuery);
    if (sort === "rank" && q === undefined) {
      throw new Problem(422, "Only a search has a rank.", {
        errors: [{ pointer: "/sort", detail: "rank needs q" }],
      });
    }
    const position = after === undefined ? undefined : decodeCursor(after, sort);
    // One more than asked for tells whether there is a next page.
    const rows = await store.listArticles({ author, q, sort, after: position, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const next = last ? encodeCursor(sort, [sortValue(last, orders[sort].column), last.id]) : null;
    return Response.json({ items: page.map(highlight), next });
  };

  const read: Handler = (request) => {
    const article = store.findArticle(idOf(request));
    return article instanceof Promise ? article.then(answer) : answer(article);
  };

  const update: Handler = async (request) => {
    const [id, author] = await own(request);
    const changes = await readJson(request, articleChanges, MAX_BODY);
    return Response.json(found(await store.updateArticle(id, author, changes)));
  };

  const replace: Handler = async (request) => {
    const [id, author] = await own(request);
    const article = await readJson(request, newArticle, MAX_BODY);
    return Response.json(found(await store.updateArticle(id, author, article)));
  };

  const remove: Handler = async (request) => {
    const [id, author] = await own(request);
    await store.deleteArticle(id, author);
    return new Response(null, { status: 204 });
  };

  /** Articles are public, so another author's is 403, not 404: there is nothing to hide. */
  const own = async (request: Parameters<Handler>[0]): Promise<[id: number, author: number]> => {
    const author = await authenticate(request, store);
    const article = found(await store.findArticle(idOf(request)));
    if (article.author === author) return [article.id, author];
    throw new Problem(403, "Only its author may change an article.");
  };

  return {
    "/api/articles": { GET: list, POST: create },
    "/api/articles/:id": { GET: read, PATCH: update, PUT: replace, DELETE: remove },
  };
}

/** Bytes of a JSON body: 100 000 characters, all of them escaped, and a title. */
const MAX_BODY = 1024 * 1024;

const answer = (article: Article | undefined) => Response.json(found(article));

function found(article: Article | undefined): Article {
  if (article) return article;
  throw new Problem(404, "There is no such article.");
}

function sortValue(article: Article | Found, column: SortColumn): string | number {
  if (column !== "rank") return article[column];
  return "rank" in article ? article.rank : 0;
}
