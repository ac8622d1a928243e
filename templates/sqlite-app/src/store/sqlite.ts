// The SQLite file: one connection that writes and one that reads. The stores of the features share them.
import type { Database, SQLQueryBindings } from "bun:sqlite";
import { SqliteFile } from "#lib/sqlite-file";
import { SqliteReads } from "#lib/sqlite-reads";
import { StoreBusyError } from "./busy.ts";
import { connect, isBusy } from "./connection.ts";

/** Milliseconds between two attempts to lock the database while another process holds the lock. */
const RETRY_MS = 5;

export class SqliteDatabase {
  readonly path: string;
  readonly #file: SqliteFile;
  readonly #writer: Database;
  readonly #reads: SqliteReads;
  readonly #writeTimeoutMs: number;
  /** Resolves once the last write in the queue has ended. */
  #lastWrite: Promise<void> = Promise.resolve();
  /** Resolves once the running work of `runExclusive` holds the lock; undefined if none runs. */
  #exclusiveLock: Promise<void> | undefined;

  /** @param writeTimeoutMs milliseconds that a write waits for others. */
  constructor(path: string, writeTimeoutMs: number) {
    this.path = path;
    this.#writeTimeoutMs = writeTimeoutMs;
    this.#writer = connect(path, { busyTimeout: 10_000 }); // Only for opening, which needs a lock.
    this.#writer.run("PRAGMA busy_timeout = 0"); // `#begin` retries instead, without blocking the thread.
    this.#file = new SqliteFile(this.#writer);
    this.#reads = new SqliteReads(connect(path, { readonly: true, busyTimeout: 1000 }));
  }

  /** Runs `work`, which must be synchronous, on the connection that reads. It sees every committed write. */
  read<T>(work: (reader: Database) => T): T {
    return this.#reads.read(work);
  }

  /** Reads the first row of a query. */
  readRow<Row>(sql: string, values: readonly SQLQueryBindings[]): Row | undefined {
    return this.read(
      (reader) => reader.query<Row, SQLQueryBindings[]>(sql).get(...values) ?? undefined,
    );
  }

  /**
   * Runs `work` in an immediate transaction. `work` must be synchronous: after an `await` it would be outside.
   * @throws {StoreBusyError} if the database stays locked for longer than the timeout.
   */
  write<T>(work: (writer: Database) => T): Promise<T> {
    const deadline = performance.now() + this.#writeTimeoutMs;
    return this.#enqueue(async () => {
      await this.#begin(deadline);
      try {
        // Ends the transaction that the reads of this tick share (`SqliteReads`): later reads in it would not see this write.
        // `work` is synchronous, so no read can start another transaction before the commit.
        this.#reads.end();
        const result = work(this.#writer);
        this.#writer.run("COMMIT");
        return result;
      } finally {
        if (this.#writer.inTransaction) this.#writer.run("ROLLBACK");
      }
    }, this.#writeTimeoutMs);
  }

  /** Writes with one statement. @returns its first row, if it has `RETURNING` and writes one. */
  writeRow<Row>(sql: string, values: readonly SQLQueryBindings[]): Promise<Row | undefined> {
    return this.write(
      (writer) => writer.query<Row, SQLQueryBindings[]>(sql).get(...values) ?? undefined,
    );
  }

  /**
   * Runs `work`, which writes on another connection, while no other write of this process runs. Waits in the queue
   * without a timeout.
   * @param work calls `onLocked` once it has locked the database.
   */
  runExclusive<T>(work: (onLocked: () => void) => Promise<T>): Promise<T> {
    return this.#enqueue(async () => {
      const { promise: locked, resolve: onLocked, reject } = Promise.withResolvers<void>();
      locked.catch(() => undefined); // `work` reports its error itself; often nothing else waits for the lock.
      this.#exclusiveLock = locked;
      try {
        const result = await work(onLocked);
        onLocked(); // for `ready`, if `work` had no need to lock the database
        return result;
      } catch (error) {
        reject(error);
        throw error;
      } finally {
        this.#exclusiveLock = undefined;
        this.#reads.end();
      }
    });
  }

  /**
   * Checks that the database accepts writes: commits one that changes nothing, because a full or read-only disk only
   * fails on commit. During `runExclusive`, resolves as soon as its work holds the lock, which proves the same.
   */
  async ready(): Promise<void> {
    if (this.#exclusiveLock) return this.#exclusiveLock;
    await this.write((writer) => {
      // Keeps the value of user_version, which the project may use. SQLite writes the page even if it stays the same.
      const [version] = writer.query("PRAGMA user_version").values().flat();
      writer.run(`PRAGMA user_version = ${version}`);
    });
  }

  /** Closes the writer last, because only a connection that may write can checkpoint and remove the WAL. */
  async close(): Promise<void> {
    this.#reads.close();
    this.#writer.close(true);
  }

  /** Runs the writes of this process one at a time, so that none fails because another one holds the lock. */
  async #enqueue<T>(work: () => Promise<T>, timeoutMs?: number): Promise<T> {
    const previous = this.#lastWrite;
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    // This write may time out while `previous` is still running: the next write then has to wait for `previous`, too.
    this.#lastWrite = previous.then(() => finished);
    try {
      await (timeoutMs === undefined ? previous : withTimeout(previous, timeoutMs));
      this.#file.check();
      return await work();
    } finally {
      finish();
    }
  }

  /** Retries instead of using SQLite's busy timeout, which would block the thread and so every request. */
  async #begin(deadline: number): Promise<void> {
    for (;;) {
      try {
        this.#writer.run("BEGIN IMMEDIATE");
        return;
      } catch (cause) {
        if (!isBusy(cause)) throw cause;
        if (performance.now() > deadline) {
          throw new StoreBusyError("Another process is writing to the database.", { cause });
        }
        await Bun.sleep(RETRY_MS + Math.random() * RETRY_MS);
      }
    }
  }
}

function withTimeout(previous: Promise<void>, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new StoreBusyError("Other requests are writing to the database.")),
    timeoutMs,
  );
  previous.then(resolve);
  return promise.finally(() => clearTimeout(timer));
}

/** The current time in the format of the tables: ISO 8601, UTC, milliseconds. */
export function now(): string {
  return new Date().toISOString();
}
