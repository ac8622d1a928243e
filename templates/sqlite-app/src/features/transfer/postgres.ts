// Imports and exports on PostgreSQL.
import type { PooledConnection, PostgresPool } from "../../store/postgres.ts";
import { COLUMNS, vector } from "../articles/postgres.ts";
import type { Article, NewArticle } from "../articles/schemas.ts";
import { ImportReader, type ImportReport } from "./import-reader.ts";
import type { TransferStore } from "./store.ts";

/** Rows per round trip of an export. */
const EXPORT_BATCH = 500;

export class PostgresTransfer implements TransferStore {
  constructor(private readonly pool: PostgresPool) {}

  /** Reads from a cursor in a transaction with one snapshot, on a separate connection. */
  async *exportArticles(): AsyncGenerator<readonly Article[], void, void> {
    const connection = await this.pool.acquire();
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
    const insert = async (connection: PooledConnection, articles: readonly NewArticle[]) => {
      if (articles.length === 0 || reader.hasBadLines) return;
      imported += articles.length;
      await connection.query(
        `INSERT INTO articles (author, title, body, title_words, body_words, created_at, updated_at)
         SELECT $1, title, body, title_words::tsvector, body_words::tsvector, now(), now()
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[])
           WITH ORDINALITY AS line (title, body, title_words, body_words, number) ORDER BY number`,
        [
          author,
          this.pool.textArray(articles.map(({ title }) => title)),
          this.pool.textArray(articles.map(({ body }) => body)),
          this.pool.textArray(articles.map(({ title }) => vector(title))),
          this.pool.textArray(articles.map(({ body }) => vector(body))),
        ],
      );
    };
    await this.pool.run(async (connection) => {
      await connection.query("BEGIN");
      for await (const chunk of chunks) await insert(connection, reader.read(chunk));
      await insert(connection, reader.finish());
      await connection.query(reader.hasBadLines ? "ROLLBACK" : "COMMIT");
    });
    return reader.report(imported);
  }
}
