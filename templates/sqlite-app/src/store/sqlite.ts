// The SQLite file: one connection that writes and one that reads. The stores of the features share them.
import type { Database } from "bun:sqlite";
import { SqliteReads } from "#lib/sqlite-reads";
import { connect } from "./connection.ts";
import { Writer } from "./writer.ts";

export class SqliteDatabase {
  readonly path: string;
  readonly #connection: Database;
  /** Runs the writes of this process one at a time. */
  readonly #writer: Writer;
  readonly #reads: SqliteReads;

  /** @param writeTimeoutMs milliseconds that a write waits for others. */
  constructor(path: string, writeTimeoutMs: number) {
    this.path = path;
    this.#connection = connect(path, { busyTimeout: 10_000 }); // Only for opening, which needs a lock.
    this.#connection.run("PRAGMA busy_timeout = 0"); // `Writer` retries instead, without blocking the thread.
    this.#reads = new SqliteReads(connect(path, { readonly: true, busyTimeout: 1000 }));
    this.#writer = new Writer(this.#connection, writeTimeoutMs);
  }

  /** Runs `work`, which must be synchronous, on the connection that reads. It sees every committed write. */
  read<T>(work: (reader: Database) => T): T {
    return this.#reads.read(work);
  }

  /**
   * Runs `work` in a transaction. `work` must be synchronous: after an `await` it would be outside.
   * @throws {StoreBusyError} if the database stays locked for too long.
   */
  write<T>(work: (writer: Database) => T): Promise<T> {
    return this.#writer.transaction(() => {
      // Ends the transaction that the reads of a tick share: later reads of this tick would not see the write. `work` is
      // synchronous, so that no read begins a new one before the commit.
      this.#reads.end();
      return work(this.#connection);
    });
  }

  /** Like `Writer.runExclusive`, for writes on another connection. */
  async runExclusive<T>(work: (onLocked: () => void) => Promise<T>): Promise<T> {
    try {
      return await this.#writer.runExclusive(work);
    } finally {
      this.#reads.end();
    }
  }

  /**
   * Checks that the database accepts writes: commits one that changes nothing, because a full or read-only disk only
   * fails on commit. During `runExclusive`, resolves as soon as its work holds the lock, which proves the same.
   */
  async ready(): Promise<void> {
    const { exclusiveLock } = this.#writer;
    if (exclusiveLock) return exclusiveLock;
    await this.write((writer) => {
      // Keeps the value of user_version, which the project may use. SQLite writes the page even if it stays the same.
      const [version] = writer.query("PRAGMA user_version").values().flat();
      writer.run(`PRAGMA user_version = ${version}`);
    });
  }

  /** Closes the writer last, because only a connection that may write can checkpoint and remove the WAL. */
  async close(): Promise<void> {
    this.#reads.close();
    this.#connection.close(true);
  }
}

/** The current time in the format of the tables: ISO 8601, UTC, milliseconds. */
export function now(): string {
  return new Date().toISOString();
}
