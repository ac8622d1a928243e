// The worker thread of one import: stages articles in a temporary table, then inserts all of them in one transaction.
import type { Database } from "bun:sqlite";
import { dirname } from "node:path";
import { connect, sqliteCode } from "./connection.ts";
import type { Command, Reply } from "./import.ts";
import { ImportReader, type ImportReport } from "./import-reader.ts";

declare const self: Worker;

/** Milliseconds that `lock` waits for a write of another process. */
const BUSY_TIMEOUT_MS = 60_000;

class Import {
  readonly #reader = new ImportReader();
  readonly #database: Database;
  readonly #insert;

  constructor(path: string) {
    this.#database = connect(path, { busyTimeout: BUSY_TIMEOUT_MS });
    // Next to the database, because the system's folder for temporary files may be in memory.
    const folder = dirname(path).replaceAll("'", "''");
    this.#database.run(`PRAGMA temp_store = FILE; PRAGMA temp_store_directory = '${folder}'`);
    this.#database.run(
      "CREATE TEMP TABLE staged (line INTEGER PRIMARY KEY, title TEXT, body TEXT) STRICT",
    );
    this.#insert = this.#database.prepare<unknown, [string, string]>(
      "INSERT INTO staged (title, body) VALUES (?, ?)",
    );
    this.#database.run("BEGIN"); // Locks nothing: until the commit, only the temporary table is used.
  }

  chunk(bytes: Uint8Array): void {
    for (const { title, body } of this.#reader.push(bytes)) this.#insert.run(title, body);
  }

  end(): ImportReport {
    for (const { title, body } of this.#reader.end()) this.#insert.run(title, body);
    this.#database.run("COMMIT");
    return this.#report(0);
  }

  lock(): void {
    this.#database.run("BEGIN IMMEDIATE");
  }

  commit(author: number, now: string): ImportReport {
    try {
      const { changes } = this.#database.run(
        `INSERT INTO articles (author, title, body, created_at, updated_at)
         SELECT ?1, title, body, ?2, ?2 FROM staged ORDER BY line`,
        [author, now],
      );
      this.#database.run("COMMIT");
      return this.#report(changes);
    } finally {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
    }
  }

  #report(imported: number): ImportReport {
    const { bad, badLines } = this.#reader;
    return { imported, badLines, bad };
  }
}

let running: Import | undefined;

self.onmessage = ({ data }: MessageEvent<Command>) => {
  self.postMessage(reply(data));
};

function reply(command: Command): Reply {
  try {
    if (command.type === "open") {
      running = new Import(command.path);
      return { type: "done" };
    }
    if (running === undefined) throw new Error("The import is not open.");
    switch (command.type) {
      case "chunk":
        running.chunk(command.bytes);
        return { type: "done" };
      case "end":
        return { type: "report", report: running.end() };
      case "lock":
        running.lock();
        return { type: "done" };
      case "commit":
        return { type: "report", report: running.commit(command.author, command.now) };
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { type: "error", message, code: sqliteCode(error) };
  }
}
