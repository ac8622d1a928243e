// Reads from SQLite in one transaction per tick, because SQLite's locks cost more than a small query.
import type { Database } from "bun:sqlite";

export class SqliteReads {
  readonly #db: Database;
  readonly #begin;
  readonly #rollback;
  #isOpen = false;

  /** @param db a connection in WAL mode that is used for nothing else. It is closed by `close`. */
  constructor(db: Database) {
    this.#db = db;
    this.#begin = db.query("BEGIN");
    this.#rollback = db.query("ROLLBACK");
  }

  /** Runs `work` in the read transaction of this tick. `work` must be synchronous. */
  read<T>(work: (reader: Database) => T): T {
    if (!this.#isOpen) {
      this.#begin.run();
      this.#isOpen = true;
      setImmediate(() => this.end());
    }
    return work(this.#db);
  }

  /**
   * Ends the transaction; the next read starts a new one. Call it before each write, in the same tick: reads after the
   * write would otherwise not see it, and SQLite cannot reset the WAL while a reader uses it
   * (https://sqlite.org/wal.html, "Avoiding Excessively Large WAL Files").
   */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // A rollback, because a commit would throw the error of a damaged page again. A failed disk has already ended the transaction.
    if (this.#db.inTransaction) this.#rollback.run();
  }

  close(): void {
    this.end();
    this.#db.close(true);
  }
}
