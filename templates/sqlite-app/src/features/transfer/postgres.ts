// Imports and exports on PostgreSQL.
import { setImmediate } from "node:timers/promises";
import { noTimeouts } from "../../migrate/postgres-connection.ts";
import type { PostgresPool } from "../../store/postgres.ts";
import { COLUMNS, vector } from "../articles/postgres.ts";
import type { Article, NewArticle } from "../articles/store.ts";
import { ImportReader, type ImportReport } from "./import-reader.ts";
import type { TransferStore } from "./store.ts";

/** Rows per round trip of an export. With 500 of the longest articles, a round trip exceeds the time limit of statements. */
const EXPORT_BATCH = 100;

/** Bytes of an import that are parsed without a pause. A chunk of the body may have megabytes. */
const PIECE_BYTES = 16 * 1024;

/** The routes limit how long a client may pause. Timeouts of the database can be shorter. */
const NO_TIMEOUTS = noTimeouts({ isLocal: true });

const INSERT_CHUNK = `
  INSERT INTO articles (author, title, body, title_words, body_words, created_at, updated_at)
  SELECT $1, line->>0, line->>1, (line->>2)::tsvector, (line->>3)::tsvector, now(), now()
  FROM staged, json_array_elements(articles) WITH ORDINALITY AS element (line, number)
  WHERE chunk = $2 ORDER BY number`;

export class PostgresTransfer implements TransferStore {
  constructor(private readonly pool: PostgresPool) {}

  /** Reads from a cursor in a transaction with one snapshot, on a separate connection. */
  async *exportArticles(): AsyncGenerator<readonly Article[], void, void> {
    const connection = await this.pool.acquire();
    try {
      // Locks the table before the first SELECT takes the snapshot: a snapshot from before a restore would show the
      // restored table as empty.
      await connection.query(
        `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE articles IN ACCESS SHARE MODE; ${NO_TIMEOUTS}`,
      );
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

  /**
   * Stages the lines in a temporary table first: an INSERT uses up ids of the table's sequence, also if it is rolled
   * back. Each statement handles the lines of one chunk, so that none reaches the time limit of statements.
   */
  async importArticles(author: number, chunks: AsyncIterable<Uint8Array>): Promise<ImportReport> {
    const reader = new ImportReader();
    return this.pool.run(async (connection) => {
      await connection.query(`BEGIN; ${NO_TIMEOUTS}`);
      await connection.query("CREATE TEMP TABLE staged (chunk int, articles json) ON COMMIT DROP");
      let staged = 0;
      const stage = async (articles: readonly NewArticle[]) => {
        if (articles.length === 0 || reader.hasBadLines) return;
        const rows = articles.map(({ title, body }) => [title, body, vector(title), vector(body)]);
        staged += 1;
        const values = [staged, JSON.stringify(rows)];
        await connection.query("INSERT INTO staged VALUES ($1, $2::text::json)", values);
      };
      for await (const piece of pieces(chunks)) await stage(reader.read(piece));
      await stage(reader.finish());
      let imported = 0;
      for (let chunk = 1; chunk <= staged && !reader.hasBadLines; chunk += 1) {
        const { count } = await connection.query(INSERT_CHUNK, [author, chunk]);
        imported += count;
      }
      await connection.query("COMMIT");
      return reader.report(imported);
    });
  }
}

/** Splits chunks, and handles other requests between the pieces: parsing a megabyte of short lines takes a second. */
async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.byteLength; start += PIECE_BYTES) {
      yield chunk.subarray(start, start + PIECE_BYTES);
      await setImmediate();
    }
  }
}
