// Queues the write transactions of this process on one connection, and waits for other processes without blocking.
import type { Database } from "bun:sqlite";
import { isBusy } from "./connection.ts";

/** The database was locked by other writers, or every connection was in use, for too long. */
export class StoreBusyError extends Error {
  override readonly name = "StoreBusyError";
}

/** Milliseconds between two attempts to lock the database while another process holds the lock. */
const RETRY_MS = 5;

export class Writer {
  readonly #database: Database;
  readonly #timeoutMs: number;
  #last: Promise<void> = Promise.resolve();
  /** Resolves once the running work of `runExclusive` holds the lock; undefined if none runs. */
  exclusiveLock: Promise<void> | undefined;

  /** @param timeoutMs milliseconds that a transaction waits for others. */
  constructor(database: Database, timeoutMs: number) {
    this.#database = database;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Runs `work` in an immediate transaction. `work` must be synchronous: after an `await` it would be outside.
   * @throws {StoreBusyError} if the database stays locked for longer than the timeout.
   */
  transaction<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + this.#timeoutMs;
    return this.#enqueue(async () => {
      await this.#begin(deadline);
      try {
        const result = work();
        this.#database.run("COMMIT");
        return result;
      } finally {
        if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      }
    }, this.#timeoutMs);
  }

  /**
   * Runs `work` while no other write of this process runs. Waits in the queue without a timeout.
   * @param work calls `onLocked` once it has locked the database.
   */
  runExclusive<T>(work: (onLocked: () => void) => Promise<T>): Promise<T> {
    return this.#enqueue(async () => {
      const { promise: locked, resolve: onLocked, reject } = Promise.withResolvers<void>();
      locked.catch(() => undefined); // `work` reports its error itself; often nothing else waits for the lock.
      this.exclusiveLock = locked;
      try {
        const result = await work(onLocked);
        onLocked();
        return result;
      } catch (error) {
        reject(error);
        throw error;
      } finally {
        this.exclusiveLock = undefined;
      }
    });
  }

  async #enqueue<T>(work: () => Promise<T>, timeoutMs?: number): Promise<T> {
    const previous = this.#last;
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    // The next work waits for both: if this one times out in the queue, `previous` is still running.
    this.#last = previous.then(() => finished);
    try {
      await (timeoutMs === undefined ? previous : withTimeout(previous, timeoutMs));
      return await work();
    } finally {
      finish();
    }
  }

  /** Retries instead of using SQLite's busy timeout, which would block the thread and so every request. */
  async #begin(deadline: number): Promise<void> {
    for (;;) {
      try {
        this.#database.run("BEGIN IMMEDIATE");
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
