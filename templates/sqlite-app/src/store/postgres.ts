// The store on PostgreSQL, through a pool of connections. The server does the locking.
import { SQL } from "bun";
import type { ArticleChanges, NewArticle } from "../schemas.ts";
import { type ArticleFilter, articleQuery, type Dialect } from "./filter.ts";
import { ImportReader, type ImportReport } from "./import-reader.ts";
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

/** More than the exports and imports that may run, so that they can't take every connection. */
const POOL = 20;
const BATCH = 500;

/** A time as the API writes it, so that rows need no conversion. */
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

export class PostgresStore implements Store {
  readonly #sql: SQL;

  constructor(url: string) {
    this.#sql = new SQL(url, { max: POOL, connectionTimeout: 5 });
  }

  async ready(): Promise<boolean> {
    await this.#sql`SELECT 1`;
    return true;
  }

  async createUser({ email, name, passwordHash }: NewUser): Promise<User | undefined> {
    const [user] = await this.#sql<User[]>`
      INSERT INTO users (email, name, password_hash, created_at)
      VALUES (${email}, ${name}, ${passwordHash}, now()) ON CONFLICT DO NOTHING
      RETURNING id, email, name, ${this.#sql.unsafe(time("created_at"))} AS "createdAt"`;
    return user;
  }

  async findPassword(email: string): ReturnType<Store["findPassword"]> {
    const [user] = await this.#sql`
      SELECT id, password_hash AS hash FROM users WHERE lower(email) = lower(${email})`;
    return user;
  }

  async profile(id: number): Promise<Profile | undefined> {
    const rows: Profile[] = await this.#sql.unsafe(
      `SELECT u.id, u.name, ${time("u.created_at")} AS "createdAt", (
         SELECT coalesce(json_agg(a ORDER BY a."createdAt" DESC, a.id DESC), '[]')
         FROM (SELECT a.id, a.title, ${TIMES} FROM articles AS a WHERE a.author = u.id
               ORDER BY a.created_at DESC, a.id DESC LIMIT 100) AS a
       ) AS articles
       FROM users AS u WHERE u.id = $1`,
      [id],
    );
    return rows[0];
  }

  async createSession({ userId, tokenHash, expiresAt }: NewSession): Promise<void> {
    await this.#sql.begin(async (sql) => {
      await sql`DELETE FROM sessions WHERE expires_at <= now()`;
      await sql`INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (${tokenHash}, ${userId}, ${expiresAt})`;
    });
  }

  async findSession(tokenHash: Uint8Array): Promise<number | undefined> {
    const [session] = await this.#sql`
      SELECT user_id FROM sessions WHERE token_hash = ${tokenHash} AND expires_at > now()`;
    return session?.user_id;
  }

  async deleteSession(tokenHash: Uint8Array): Promise<void> {
    await this.#sql`DELETE FROM sessions WHERE token_hash = ${tokenHash}`;
  }

  async createArticle(author: number, { title, body }: NewArticle): Promise<Article> {
    const [article]: Article[] = await this.#sql.unsafe(
      `INSERT INTO articles AS a (author, title, body, created_at, updated_at)
       VALUES ($1, $2, $3, now(), now()) RETURNING ${COLUMNS}`,
      [author, title, body],
    );
    if (article === undefined) throw new Error("INSERT … RETURNING returned no row.");
    return article;
  }

  async findArticle(id: number): Promise<Article | undefined> {
    const [article]: Article[] = await this.#sql.unsafe(
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
    const [article]: Article[] = await this.#sql.unsafe(
      `UPDATE articles AS a SET title = coalesce($1, title), body = coalesce($2, body), updated_at = now()
       WHERE a.id = $3 AND a.author = $4 RETURNING ${COLUMNS}`,
      [title, body, id, author],
    );
    return article;
  }

  async deleteArticle(id: number, author: number): Promise<boolean> {
    const { count } = await this.#sql`DELETE FROM articles WHERE id = ${id} AND author = ${author}`;
    return count > 0;
  }

  async listArticles(filter: ArticleFilter): Promise<readonly (Article | Found)[]> {
    // NUL is the one character that PostgreSQL's text can't hold.
    const { sql, parameters } = articleQuery(
      { ...filter, q: filter.q?.replaceAll("\0", " ") },
      dialect,
    );
    return this.#sql.unsafe(sql, [...parameters]);
  }

  /** A cursor in a transaction that sees one state, on a connection of its own. */
  async *exportArticles(): AsyncGenerator<readonly Article[], void, void> {
    const connection = await this.#sql.reserve();
    try {
      await connection.unsafe("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      await connection.unsafe(
        `DECLARE export NO SCROLL CURSOR FOR SELECT ${COLUMNS} FROM articles AS a ORDER BY a.id`,
      );
      for (;;) {
        const articles: Article[] = await connection.unsafe(`FETCH ${BATCH} FROM export`);
        if (articles.length === 0) return;
        yield articles;
      }
    } finally {
      await connection.unsafe("ROLLBACK").finally(() => connection.release());
    }
  }

  async importArticles(author: number, chunks: AsyncIterable<Uint8Array>): Promise<ImportReport> {
    const reader = new ImportReader();
    const report = (imported: number) => ({ imported, badLines: reader.badLines, bad: reader.bad });
    const rejected = new Error("There are bad lines.");
    try {
      return await this.#sql.begin(async (sql) => {
        let imported = 0;
        const insert = async (articles: readonly NewArticle[]) => {
          if (articles.length === 0 || reader.badLines > 0) return;
          imported += articles.length;
          await sql.unsafe(
            `INSERT INTO articles (author, title, body, created_at, updated_at)
             SELECT $1, title, body, now(), now()
             FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS line (title, body, number) ORDER BY number`,
            [
              author,
              sql.array(
                articles.map(({ title }) => title),
                "TEXT",
              ),
              sql.array(
                articles.map(({ body }) => body),
                "TEXT",
              ),
            ],
          );
        };
        for await (const chunk of chunks) await insert([...reader.push(chunk)]);
        await insert([...reader.end()]);
        if (reader.badLines > 0) throw rejected; // Which rolls back.
        return report(imported);
      });
    } catch (error) {
      if (error !== rejected) throw error;
      return report(0);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql.close();
  }
}
