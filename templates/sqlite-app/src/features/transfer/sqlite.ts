// Imports and exports on SQLite.
import { connect } from "../../store/connection.ts";
import type { SqliteDatabase } from "../../store/sqlite.ts";
import { COLUMNS } from "../articles/sqlite.ts";
import type { Article } from "../articles/store.ts";
import { importInWorker } from "./import.ts";
import type { ImportReport } from "./import-reader.ts";
import type { TransferStore } from "./store.ts";

/** Rows per read of an export, which blocks the event loop. */
const EXPORT_BATCH = 100;

export class SqliteTransfer implements TransferStore {
  /** @param importWorker path of the worker module that runs imports, without its extension. */
  constructor(
    private readonly database: SqliteDatabase,
    private readonly importWorker: string,
  ) {}

  /** Uses a separate connection, because an open cursor keeps its snapshot and a statement has only one cursor. */
  async *exportArticles(): AsyncGenerator<readonly Article[], void, void> {
    using database = connect(this.database.path, { readonly: true, busyTimeout: 1000 });
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
    return importInWorker(this.importWorker, this.database, author, chunks);
  }
}
