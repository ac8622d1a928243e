// The store on PostgreSQL.
import type { ArticleChanges, NewArticle } from "../features/articles/schemas.ts";
import { type ArticleFilter, buildArticleQuery, type Dialect } from "./filter.ts";
import { ImportReader, type ImportReport } from "./import-reader.ts";
import { type Connection, PostgresPool } from "./postgres-pool.ts";
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

/** Rows per read of an export. */
const EXPORT_BATCH = 500;

/** A timestamp in the format of the API, so that rows need no conversion. */
const time = (column: string) =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const TIMES = `${time("a.created_at")} AS "createdAt", ${time("a.updated_at")} AS "updatedAt"`;
const COLUMNS = `a.id, a.author, a.title, a.body, ${TIMES}`;
const HEADLINE = `StartSel=${MARK.start}, StopSel=${MARK.end}, MaxWords=24, MinWords=12, MaxFragments=1`;

const dialect: Dialect = {
  placeholder: (index) => `$${index}`,
  columns: COLUMNS,
  from: "articles AS a",
  search: {
    columns: `${COLUMNS}, -ts_rank(a.search, words)::float8 AS rank,
      ts_headline('simple', a.title || E'\\n' || a.body, words, '${HEADLINE}') AS snippet`,
    from: (words) =>
      `plainto_tsquery('simple', ${words}) AS words JOIN articles AS a ON a.search @@ words`,
  },
  id: "a.id",
  order: {
    rank: "-ts_rank(a.search, words)::float8",
    createdAt: "a.created_at",
    updatedAt: "a.updated_at",
    title: "a.title",
  },
};

const DELETE_EXPIRED = "DELETE FROM sessions WHERE expires_at <= now()";

export class PostgresStore implements Store {
  readonly #pool: PostgresPool;

  constructor(url: string) {
    this.#pool = new PostgresPool(url);
  }

  /** Open connections to the server. */
  get connections(): number {
    return this.#pool.connections;
  }

  /** A write, even if it deletes nothing: a standby and a read-only database reject it. */
  async ready(): Promise<void> {
    await this.#pool.query(DELETE_EXPIRED);
  }

  async createUser({ email, name, passwordHash }: NewUser): Promise<User | undefined> {
    const [user] = await this.#pool.query<User>(
      `INSERT INTO users (email, name, password_hash, created_at) VALUES ($1, $2, $3, now())
       ON CONFLICT DO NOTHING RETURNING id, email, name, ${time("created_at")} AS "createdAt"`,
      [email, name, passwordHash],
    );
    return user;
  }

  async findCredentials(email: string): ReturnType<Store["findCredentials"]> {
    const [user] = await this.#pool.query<{ id: number; hash: string }>(
      "SELECT id, password_hash AS hash FROM users WHERE lower(email) = lower($1)",
      [email],
    );
    return user;
  }

  async profile(id: number): Promise<Profile | undefined> {
    const [profile] = await this.#pool.query<Profile>(
      `SELECT u.id, u.name, ${time("u.created_at")} AS "createdAt", (
         SELECT coalesce(json_agg(a ORDER BY a."createdAt" DESC, a.id DESC), '[]')
         FROM (SELECT a.id, a.title, ${TIMES} FROM articles AS a WHERE a.author = u.id
               ORDER BY a.created_at DESC, a.id DESC LIMIT 100) AS a
       ) AS articles
       FROM users AS u WHERE u.id = $1`,
      [id],
    );
    return profile;
  }

  async createSession({ userId, tokenHash, expiresAt }: NewSession): Promise<void> {
    await this.#pool.query(DELETE_EXPIRED);
    await this.#pool.query(
      "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ($1, $2, $3)",
      [tokenHash, userId, expiresAt],
    );
  }

  async findSession(tokenHash: Uint8Array): Promise<number | undefined> {
    const [session] = await this.#pool.query<{ user_id: number }>(
      "SELECT user_id FROM sessions WHERE token_hash = $1 AND expires_at > now()",
      [tokenHash],
    );
    return session?.user_id;
  }

  async deleteSession(tokenHash: Uint8Array): Promise<void> {
    await this.#pool.query("DELETE FROM sessions WHERE token_hash = $1", [tokenHash]);
  }

  async createArticle(author: number, { title, body }: NewArticle): Promise<Article> {
    const [article] = await this.#pool.query<Article>(
      `INSERT INTO articles AS a (author, title, body, created_at, updated_at)
       VALUES ($1, $2, $3, now(), now()) RETURNING ${COLUMNS}`,
      [author, title, body],
    );
    if (article === undefined) throw new Error("INSERT … RETURNING returned no row.");
    return article;
  }

  async findArticle(id: number): Promise<Article | undefined> {
    const [article] = await this.#pool.query<Article>(
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
    const [article] = await this.#pool.query<Article>(
      `UPDATE articles AS a SET title = coalesce($1, title), body = coalesce($2, body), updated_at = now()
       WHERE a.id = $3 AND a.author = $4 RETURNING ${COLUMNS}`,
      [title, body, id, author],
    );
    return article;
  }

  async deleteArticle(id: number, author: number): Promise<boolean> {
    const { count } = await this.#pool.query("DELETE FROM articles WHERE id = $1 AND author = $2", [
      id,
      author,
    ]);
    return count > 0;
  }

  listArticles(filter: ArticleFilter): Promise<readonly (Article | Found)[]> {
    // PostgreSQL's text cannot contain NUL.
    const q = filter.q?.replaceAll("\0", " ");
    const { sql, parameters } = buildArticleQuery({ ...filter, q }, dialect);
    return this.#pool.query<Article | Found>(sql, parameters);
  }

  /** A cursor in a transaction with one snapshot, on a connection of its own. */
  async *exportArticles(): AsyncGenerator<readonly Article[], void, void> {
    const connection = await this.#pool.acquire();
    try {
      await connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      await connection.query(
        `DECLARE export NO SCROLL CURSOR FOR SELECT ${COLUMNS} FROM articles AS a ORDER BY a.id`,
      );
      for (;;) {
        const articles = await connection.query<Article>(`FETCH ${EXPORT_BATCH} FROM export`);
        if (articles.length === 0) return;
        yield articles;
      }
    } finally {
      await connection.close(); // Ends the transaction and its snapshot.
    }
  }

  async importArticles(author: number, chunks: AsyncIterable<Uint8Array>): Promise<ImportReport> {
    const reader = new ImportReader();
    let imported = 0;
    const insert = async (connection: Connection, articles: readonly NewArticle[]) => {
      if (articles.length === 0 || reader.badLines > 0) return;
      imported += articles.length;
      const titles = articles.map(({ title }) => title);
      const bodies = articles.map(({ body }) => body);
      await connection.query(
        `INSERT INTO articles (author, title, body, created_at, updated_at)
         SELECT $1, title, body, now(), now()
         FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS line (title, body, number) ORDER BY number`,
        [author, this.#pool.textArray(titles), this.#pool.textArray(bodies)],
      );
    };
    await this.#pool.run(async (connection) => {
      await connection.query("BEGIN");
      for await (const chunk of chunks) await insert(connection, [...reader.push(chunk)]);
      await insert(connection, [...reader.end()]);
      await connection.query(reader.badLines > 0 ? "ROLLBACK" : "COMMIT");
    });
    const { badLines, bad } = reader;
    return { imported: badLines > 0 ? 0 : imported, badLines, bad };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
