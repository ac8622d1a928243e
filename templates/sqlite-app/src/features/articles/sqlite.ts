// Articles on SQLite.
import { now, type SqliteDatabase } from "../../store/sqlite.ts";
import { type ArticleFilter, buildListQuery, type Dialect } from "./filter.ts";
import type { Article, ArticleChanges, ArticleStore, Found, NewArticle } from "./store.ts";
import { foldWords, queryWords } from "./words.ts";

export const COLUMNS = `id, author, title, body, created_at AS "createdAt", updated_at AS "updatedAt"`;
/** Declared once: each read would otherwise build and hash the text again, to find its prepared statement. */
const FIND = `SELECT ${COLUMNS} FROM articles WHERE id = ?`;
/** A search blocks the event loop for microseconds per hit: for a common word, only the newest hits are found. */
const MAX_HITS = 10_000;

/**
 * SQL of a full-text search in some columns, newest hits first. `articles_search` is the FTS5 table; `{a b} : expression`
 * searches in the columns a and b. `match` is a placeholder, such as `?1`, whose value `matchExpression` returns.
 */
const hits = ({ select, searchIn, match }: Record<"select" | "searchIn" | "match", string>) =>
  `SELECT ${select} FROM articles_search('{${searchIn}} : ' || ${match}) ORDER BY rowid DESC LIMIT ${MAX_HITS}`;

export const dialect: Dialect = {
  placeholder: (index) => `?${index}`,
  list: { columns: COLUMNS, from: "articles AS a" },
  search: {
    columns: `${COLUMNS}, hits.rank`,
    // SQLite does not reorder a CROSS JOIN: it reads the hits first, then only their articles.
    from: (match) => {
      const inTitle = hits({ select: "rowid", searchIn: "title_words", match });
      const select = `rowid AS hit, rowid IN (${inTitle}) AS rank`;
      const found = hits({ select, searchIn: "title_words body_words", match });
      return `(${found}) AS hits CROSS JOIN articles AS a ON a.id = hit`;
    },
  },
  // `seq` is a copy of `id`: SQLite uses no index for `(title, id) > (?, ?)`, because `id` is the rowid (migration 0003).
  id: "a.seq",
  order: {
    rank: "hits.rank",
    createdAt: "a.created_at",
    updatedAt: "a.updated_at",
    title: "a.title",
  },
};

export class SqliteArticles implements ArticleStore {
  constructor(private readonly database: SqliteDatabase) {}

  async createArticle(author: number, { title, body }: NewArticle): Promise<Article> {
    const article = await this.database.writeRow<Article>(
      `INSERT INTO articles (author, title, body, title_words, body_words, created_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) RETURNING ${COLUMNS}`,
      [author, title, body, foldWords(title), foldWords(body), now()],
    );
    if (article === undefined) throw new Error("INSERT … RETURNING returned no row.");
    return article;
  }

  async findArticle(id: number): Promise<Article | undefined> {
    return this.database.readRow<Article>(FIND, [id]);
  }

  updateArticle(id: number, author: number, changes: ArticleChanges): Promise<Article | undefined> {
    const { title = null, body = null } = changes;
    const words = [title && foldWords(title), body && foldWords(body)] as const;
    return this.database.writeRow<Article>(
      `UPDATE articles SET title = coalesce(?, title), body = coalesce(?, body),
         title_words = coalesce(?, title_words), body_words = coalesce(?, body_words), updated_at = ?
       WHERE id = ? AND author = ? RETURNING ${COLUMNS}`,
      [title, body, ...words, now(), id, author],
    );
  }

  async deleteArticle(id: number, author: number): Promise<boolean> {
    const { changes } = await this.database.write((writer) =>
      writer.query("DELETE FROM articles WHERE id = ? AND author = ?").run(id, author),
    );
    return changes > 0;
  }

  async listArticles(filter: ArticleFilter): Promise<readonly (Article | Found)[]> {
    const match = filter.q === undefined ? undefined : matchExpression(filter.q, filter.author);
    const { sql, parameters } = buildListQuery({ ...filter, match }, dialect);
    return this.database.read((reader) =>
      reader.query<Article | Found, (string | number)[]>(sql).all(...parameters),
    );
  }

  reindexAfter(id: number): Promise<number | undefined> {
    return this.database.write((writer) => {
      const next = writer
        .query<Article, [number]>(
          `SELECT ${COLUMNS} FROM articles WHERE id > ? ORDER BY id LIMIT 1`,
        )
        .get(id);
      if (next) {
        writer
          .query("UPDATE articles SET title_words = ?, body_words = ? WHERE id = ?")
          .run(foldWords(next.title), foldWords(next.body), next.id);
      }
      return next?.id;
    });
  }
}

/**
 * An expression of FTS5 (https://sqlite.org/fts5.html#full_text_query_syntax). Words contain no quote. They are in parentheses,
 * so that the column filter which `hits` puts in front applies to all words, but not to `author`.
 */
function matchExpression(q: string, author: number | undefined): string {
  const words = [...new Set(queryWords(q))].map((word) => `"${word}"`);
  // Without a word, the expression is the empty string, which matches nothing.
  const match = `(${words.join(" AND ") || '""'})`;
  return author === undefined ? match : `${match} AND author : "${author}"`;
}
