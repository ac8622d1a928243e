// Articles on PostgreSQL.
import { type PostgresPool, time } from "../../store/postgres.ts";
import { type ArticleFilter, buildListQuery, type Dialect } from "./filter.ts";
import type { Article, ArticleChanges, ArticleStore, Found, NewArticle } from "./store.ts";
import { queryWords, searchWords } from "./words.ts";

export const COLUMNS = `a.id, a.author, a.title, a.body,
  ${time("a.created_at")} AS "createdAt", ${time("a.updated_at")} AS "updatedAt"`;
const RANK = "(a.title_words @@ query)::int";

const dialect: Dialect = {
  placeholder: (index) => `$${index}`,
  list: { columns: COLUMNS, from: "articles AS a" },
  search: {
    columns: `${COLUMNS}, ${RANK} AS rank`,
    // The expression before @@ is that of the index.
    from: (match) =>
      `CAST(${match}::text AS tsquery) AS query JOIN articles AS a ON (a.title_words || a.body_words) @@ query`,
  },
  id: "a.id",
  order: { rank: RANK, createdAt: "a.created_at", updatedAt: "a.updated_at", title: "a.title" },
};

export class PostgresArticles implements ArticleStore {
  constructor(private readonly pool: PostgresPool) {}

  async createArticle(author: number, { title, body }: NewArticle): Promise<Article> {
    const [article] = await this.pool.query<Article>(
      `INSERT INTO articles AS a (author, title, body, title_words, body_words, created_at, updated_at)
       VALUES ($1, $2, $3, $4::text::tsvector, $5::text::tsvector, now(), now()) RETURNING ${COLUMNS}`,
      [author, title, body, vector(title), vector(body)],
    );
    if (article === undefined) throw new Error("INSERT … RETURNING returned no row.");
    return article;
  }

  async findArticle(id: number): Promise<Article | undefined> {
    const [article] = await this.pool.query<Article>(
      `SELECT ${COLUMNS} FROM articles AS a WHERE a.id = $1`,
      [id],
    );
    return article;
  }

  async updateArticle(
    id: number,
    author: number,
    changes: ArticleChanges,
  ): Promise<Article | undefined> {
    const { title = null, body = null } = changes;
    const [article] = await this.pool.query<Article>(
      `UPDATE articles AS a SET title = coalesce($1, title), body = coalesce($2, body),
         title_words = coalesce($3::text::tsvector, title_words), body_words = coalesce($4::text::tsvector, body_words),
         updated_at = now()
       WHERE a.id = $5 AND a.author = $6 RETURNING ${COLUMNS}`,
      [title, body, title && vector(title), body && vector(body), id, author],
    );
    return article;
  }

  async deleteArticle(id: number, author: number): Promise<boolean> {
    const { count } = await this.pool.query("DELETE FROM articles WHERE id = $1 AND author = $2", [
      id,
      author,
    ]);
    return count > 0;
  }

  listArticles(filter: ArticleFilter): Promise<readonly (Article | Found)[]> {
    const { q } = filter;
    // Words contain no operator. Without a word, the query matches nothing.
    const match = q === undefined ? undefined : queryWords(q).join(" & ");
    const { sql, parameters } = buildListQuery({ ...filter, match }, dialect);
    return this.pool.query<Article | Found>(sql, parameters);
  }

  async reindexAfter(id: number): Promise<number | undefined> {
    const [next] = await this.pool.query<Article>(
      `SELECT ${COLUMNS} FROM articles AS a WHERE a.id > $1 ORDER BY a.id LIMIT 1`,
      [id],
    );
    if (next) {
      const { title, body } = next;
      // An article that has changed since it was read already has its new words.
      await this.pool.query(
        `UPDATE articles SET title_words = $1::text::tsvector, body_words = $2::text::tsvector
         WHERE id = $3 AND title = $4 AND body = $5`,
        [vector(title), vector(body), next.id, title, body],
      );
    }
    return next?.id;
  }
}

/** The words as text of the type tsvector, without positions. */
export function vector(text: string): string {
  return searchWords(text).join(" ");
}
