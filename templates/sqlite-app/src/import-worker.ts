// The worker of one import: stages articles in a temporary table, then moves all of them in one transaction.
import type { Database } from "bun:sqlite";
import { dirname } from "node:path";
import { connect, sqliteCode } from "./store/connection.ts";
import type { Ask, Reply } from "./store/import.ts";
import { ImportReader, type ImportReport } from "./store/import-reader.ts";

declare const self: Worker;

/** Milliseconds that the move waits for another process that writes. */
const PATIENCE = 60_000;

class Import {
  readonly #reader = new ImportReader();
  readonly #database: Database;
  readonly #insert;

  constructor(path: string) {
    this.#database = connect(path, { busyTimeout: PATIENCE });
    // Next to the database there is room; a system's own folder for temporary files may be memory.
    const folder = dirname(path).replaceAll("'", "''");
    this.#database.run(`PRAGMA temp_store = FILE; PRAGMA temp_store_directory = '${folder}'`);
    this.#database.run(
      "CREATE TEMP TABLE staged (line INTEGER PRIMARY KEY, title TEXT, body TEXT) STRICT",
    );
    this.#insert = this.#database.prepare<unknown, [string, string]>(
      "INSERT INTO staged (title, body) VALUES (?, ?)",
    );
    this.#database.run("BEGIN"); // Of the temporary database only: nothing else is written or read in it.
  }

  chunk(bytes: Uint8Array): void {
    for (const { title, body } of this.#reader.push(bytes)) this.#insert.run(title, body);
  }

  end(): ImportReport {
    for (const { title, body } of this.#reader.end()) this.#insert.run(title, body);
    this.#database.run("COMMIT");
    return this.#report(0);
  }

  commit(author: number, now: string): ImportReport {
    const { changes } = this.#database.run(
      `INSERT INTO articles (author, title, body, created_at, updated_at)
       SELECT ?1, title, body, ?2, ?2 FROM staged ORDER BY line`,
      [author, now],
    );
    return this.#report(changes);
  }

  #report(imported: number): ImportReport {
    const { bad, badLines } = this.#reader;
    return { imported, badLines, bad };
  }
}

let running: Import | undefined;

self.onmessage = ({ data }: MessageEvent<Ask>) => {
  self.postMessage(answer(data));
};

function answer(ask: Ask): Reply {
  try {
    if (ask.type === "open") {
      running = new Import(ask.path);
      return { type: "done" };
    }
    if (running === undefined) throw new Error("The import is not open.");
    switch (ask.type) {
      case "chunk":
        running.chunk(ask.bytes);
        return { type: "done" };
      case "end":
        return { type: "report", report: running.end() };
      case "commit":
        return { type: "report", report: running.commit(ask.author, ask.now) };
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { type: "error", message, code: sqliteCode(error) };
  }
}
