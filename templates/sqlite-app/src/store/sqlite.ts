// The store on a SQLite file: one connection that writes and one that reads, with prepared statements on both.
import type { Database } from "bun:sqlite";
import type { ArticleChanges, NewArticle } from "../features/articles/schemas.ts";
import { connect } from "./connection.ts";
import { type ArticleFilter, buildArticleQuery, type Dialect } from "./filter.ts";
import { importInWorker } from "./import.ts";
import type { ImportReport } from "./import-reader.ts";
import {
  type Article,
  type Found,
  MARK,
  type NewSession,
  type NewUser,
  type Profile,
  type Store,
  type User,
} from "./store.ts";
import { Writer } from "./writer.ts";

const COLUMNS = `id, author, title, body, created_at AS "createdAt", updated_at AS "updatedAt"`;
const JOINED = `a.id, a.author, a.title, a.body, a.created_at AS "createdAt", a.updated_at AS "updatedAt"`;
const EXPORT_BATCH = 100;
/** Ranking takes microseconds per hit and blocks the event loop: for a common word, only the newest hits are ranked. */
const MAX_HITS = 10_000;

export const dialect: Dialect = {
  placeholder: (index) => `?${index}`,
  columns: COLUMNS,
  from: "articles AS a",
  search: {
    columns: `${JOINED}, s.rank`,
    // SQLite does not reorder a CROSS JOIN: it reads the hits first, then only their articles.
    from: (words) =>
      `(SELECT s.rowid AS id, s.rank FROM articles_search(${words}) AS s
        ORDER BY s.rowid DESC LIMIT ${MAX_HITS}) AS s CROSS JOIN articles AS a ON a.id = s.id`,
  },
  id: "a.seq",
  order: { rank: "s.rank", createdAt: "a.created_at", updatedAt: "a.updated_at", title: "a.title" },
};

export class SqliteStore implements Store {
  readonly #path: string;
  readonly #importWorker: string;
  readonly #write: Database;
  readonly #read: Database;
  readonly #writer: Writer;
  readonly #findArticle;
  readonly #findSession;

  /** @param options.importWorker path of the worker module that runs imports, without its extension. */
  constructor(path: string, options: { readonly importWorker: string }) {
    this.#path = path;
    this.#importWorker = options.importWorker;
    this.#write = connect(path, { busyTimeout: 10_000 });
    this.#write.run("PRAGMA busy_timeout = 0"); // `Writer` retries instead, without blocking the thread.
    this.#read = connect(path, { readonly: true, busyTimeout: 1000 });
    this.#writer = new Writer(this.#write);
    this.#findArticle = this.#read.prepare<Article, [number]>(
      `SELECT ${COLUMNS} FROM articles WHERE id = ?`,
    );
    this.#findSession = this.#read.prepare<{ user_id: number }, [Uint8Array, string]>(
      "SELECT user_id FROM sessions WHERE token_hash = ? AND expires_at > ?",
    );
  }

  /**
   * Commits a write: a full or read-only disk fails only then. While an import commits, it only waits until the
   * import has locked the database: waiting for its end would take a working service out of the load balancer.
   */
  async ready(): Promise<void> {
    const { exclusiveLock } = this.#writer;
    if (exclusiveLock) return exclusiveLock;
    await this.#writer.transaction(() => this.#write.run("PRAGMA user_version = 0"));
  }

  createUser({ email, name, passwordHash }: NewUser): Promise<User | undefined> {
    return this.#writer.transaction(
      () =>
        this.#write
          .query<User, [string, string, string, string]>(
            `INSERT INTO users (email, name, password_hash, created_at) VALUES (?, ?, ?, ?)
             ON CONFLICT (email) DO NOTHING RETURNING id, email, name, created_at AS "createdAt"`,
          )
          .get(email, name, passwordHash, now()) ?? undefined,
    );
  }

  async findCredentials(email: string): ReturnType<Store["findCredentials"]> {
    return (
      this.#read
        .query<{ id: number; hash: string }, [string]>(
          "SELECT id, password_hash AS hash FROM users WHERE email = ?",
        )
        .get(email) ?? undefined
    );
  }

  async profile(id: number): Promise<Profile | undefined> {
    const row = this.#read
      .query<Omit<Profile, "articles"> & { articles: string }, [number]>(
        `SELECT u.id, u.name, u.created_at AS "createdAt", (
           SELECT json_group_array(json_object('id', a.id, 'title', a.title, 'createdAt', a.created_at, 'updatedAt', a.updated_at))
           FROM (SELECT * FROM articles WHERE author = u.id ORDER BY created_at DESC, seq DESC LIMIT 100) AS a
         ) AS articles
         FROM users AS u WHERE u.id = ?`,
      )
      .get(id);
    return row ? { ...row, articles: JSON.parse(row.articles) } : undefined;
  }

  createSession({ userId, tokenHash, expiresAt }: NewSession): Promise<void> {
    return this.#writer.transaction(() => {
      this.#write.query("DELETE FROM sessions WHERE expires_at <= ?").run(now());
      this.#write
        .query("INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (?, ?, ?)")
        .run(tokenHash, userId, expiresAt.toISOString());
    });
  }

  async findSession(tokenHash: Uint8Array): Promise<number | undefined> {
    return this.#findSession.get(tokenHash, now())?.user_id;
  }

  async deleteSession(tokenHash: Uint8Array): Promise<void> {
    await this.#writer.transaction(() =>
      this.#write.query("DELETE FROM sessions WHERE token_hash = ?").run(tokenHash),
    );
  }

  async createArticle(author: number, { title, body }: NewArticle): Promise<Article> {
    const article = await this.#writer.transaction(() =>
      this.#write
        .query<Article, [number, string, string, string]>(
          `INSERT INTO articles (author, title, body, created_at, updated_at)
           VALUES (?1, ?2, ?3, ?4, ?4) RETURNING ${COLUMNS}`,
        )
        .get(author, title, body, now()),
    );
    if (article === null) throw new Error("INSERT … RETURNING returned no row.");
    return article;
  }

  async findArticle(id: number): Promise<Article | undefined> {
    return this.#findArticle.get(id) ?? undefined;
  }

  updateArticle(id: number, author: number, changes: ArticleChanges): Promise<Article | undefined> {
    const { title = null, body = null } = changes;
    return this.#writer.transaction(
      () =>
        this.#write
          .query<Article, [string | null, string | null, string, number, number]>(
            `UPDATE articles SET title = coalesce(?, title), body = coalesce(?, body), updated_at = ?
             WHERE id = ? AND author = ? RETURNING ${COLUMNS}`,
          )
          .get(title, body, now(), id, author) ?? undefined,
    );
  }

  async deleteArticle(id: number, author: number): Promise<boolean> {
    const { changes } = await this.#writer.transaction(() =>
      this.#write.query("DELETE FROM articles WHERE id = ? AND author = ?").run(id, author),
    );
    return changes > 0;
  }

  async listArticles(filter: ArticleFilter): Promise<readonly (Article | Found)[]> {
    const words = filter.q === undefined ? undefined : quoted(filter.q);
    const q = words && ofAuthor(words, filter.author);
    const { sql, parameters } = buildArticleQuery({ ...filter, q }, dialect);
    const rows = this.#read
      .query<Article & { rank: number }, (string | number)[]>(sql)
      .all(...parameters);
    return words === undefined
      ? rows
      : rows.map((row) => ({ ...row, snippet: this.#snippet(row.id, words) }));
  }

  /** Called for the rows of a page only: inside the list, SQLite would build it for every hit. */
  #snippet(id: number, words: string): string {
    const row = this.#read
      .query<{ snippet: string }, [string, string, string, number]>(
        `SELECT snippet(articles_search, -1, ?2, ?3, '…', 24) AS snippet
         FROM articles_search(?1) WHERE rowid = ?4`,
      )
      .get(words, MARK.start, MARK.end, id);
    return row?.snippet ?? "";
  }

  /** Uses a connection of its own, because an open cursor keeps its snapshot and a statement has only one cursor. */
  async *exportArticles(): AsyncGenerator<readonly Article[], void, void> {
    using database = connect(this.#path, { readonly: true, busyTimeout: 1000 });
    using statement = database.prepare<Article, []>(`SELECT ${COLUMNS} FROM articles ORDER BY id`);
    let batch: Article[] = [];
    for (const article of statement.iterate()) {
      batch.push(article);
      if (batch.length < EXPORT_BATCH) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }

  importArticles(author: number, chunks: AsyncIterable<Uint8Array>): Promise<ImportReport> {
    const target = { path: this.#path, author, writer: this.#writer };
    return importInWorker(this.#importWorker, target, chunks);
  }

  /** The writer closes last: only a connection that may write can checkpoint the WAL and remove it. */
  async close(): Promise<void> {
    this.#read.close(true);
    this.#write.close(true);
  }
}

function now(): string {
  return new Date().toISOString();
}

/**
 * Turns any text into a valid FTS5 query: each word is a quoted string, so that operators count as words
 * (https://sqlite.org/fts5.html#fts5_strings). NUL separates words, because it would end the query inside the quotes.
 */
function quoted(text: string): string {
  const words = text.split(/[\s\0]+/).filter((word) => word !== "");
  // Each word costs ranking time, and a repeated one adds nothing.
  const distinct = new Map(words.map((word) => [word.toLowerCase(), word])).values();
  const strings = [...distinct].map((word) => `"${word.replaceAll('"', '""')}"`);
  // Without a word, the query is the empty string, which matches nothing.
  return `{title body} : (${strings.join(" ") || '""'})`;
}

function ofAuthor(query: string, author: number | undefined): string {
  return author === undefined ? query : `${query} AND author : "${author}"`;
}
