// The worker thread of one import: stages articles in a temporary table, then inserts all of them in one transaction.
import type { Database } from "bun:sqlite";
import { connect, errorCode } from "../../store/connection.ts";
import type { NewArticle } from "../articles/store.ts";
import { foldWords } from "../articles/words.ts";
import type { Command, Reply } from "./import.ts";
import { ImportReader, type ImportReport } from "./import-reader.ts";

declare const self: Worker;

/** Milliseconds that `lock` waits for a write of another process. */
const BUSY_TIMEOUT_MS = 60_000;
/** Page cache. With SQLite's default of 2 MiB, most index pages would be read and written many times. */
const CACHE_KIB = 64 * 1024;

class Import {
  readonly #reader = new ImportReader();
  readonly #database: Database;
  readonly #insert;
  #imported = 0;

  constructor(path: string) {
    this.#database = connect(path, { busyTimeout: BUSY_TIMEOUT_MS });
    this.#database.run(`
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA wal_autocheckpoint = 0; -- \`checkpoint\` does it after the response.
      CREATE TEMP TABLE staged
        (line INTEGER PRIMARY KEY, title TEXT, body TEXT, title_words TEXT, body_words TEXT) STRICT`);
    this.#insert = this.#database.prepare<unknown, [string, string, string, string]>(
      "INSERT INTO staged (title, body, title_words, body_words) VALUES (?, ?, ?, ?)",
    );
    this.#database.run("BEGIN"); // Locks nothing: until the commit, only the temporary table is used.
  }

  stageChunk(bytes: Uint8Array): void {
    this.#stage(this.#reader.read(bytes));
  }

  finishStaging(): void {
    this.#stage(this.#reader.finish());
    this.#database.run("COMMIT");
  }

  lock(): void {
    this.#database.run("BEGIN IMMEDIATE");
  }

  commit(author: number, now: string): void {
    try {
      const { changes } = this.#database.run(
        `INSERT INTO articles (author, title, body, title_words, body_words, created_at, updated_at)
         SELECT ?1, title, body, title_words, body_words, ?2, ?2 FROM staged ORDER BY line`,
        [author, now],
      );
      this.#database.run("COMMIT");
      this.#imported = changes;
    } finally {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
    }
  }

  /** Copies the pages of the commit from the WAL to the database. */
  checkpoint(): void {
    this.#database.run("PRAGMA wal_checkpoint");
  }

  report(): ImportReport {
    return this.#reader.report(this.#imported);
  }

  #stage(articles: readonly NewArticle[]): void {
    if (this.#reader.hasBadLines) return; // Nothing is imported. Only the other bad lines are still reported.
    for (const { title, body } of articles) {
      this.#insert.run(title, body, foldWords(title), foldWords(body));
    }
  }
}

let running: Import | undefined;

self.onmessage = ({ data }: MessageEvent<Command>) => {
  self.postMessage(reply(data));
};

function reply(command: Command): Reply {
  try {
    return run(command);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: message, code: errorCode(error) };
  }
}

function run(command: Command): ImportReport {
  if (command.type === "open") running = new Import(command.path);
  if (running === undefined) throw new Error("The import is not open.");
  if (command.type === "chunk") running.stageChunk(command.bytes);
  if (command.type === "finish-staging") running.finishStaging();
  if (command.type === "lock") running.lock();
  if (command.type === "commit") running.commit(command.author, command.now);
  if (command.type === "checkpoint") running.checkpoint();
  return running.report();
}
