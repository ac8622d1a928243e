// The one connection of this process that writes: transactions take turns, and wait for other processes without blocking.
import type { Database } from "bun:sqlite";
import { isBusy } from "./connection.ts";

/** Others write for so long that a client should come back later. */
export class StoreBusyError extends Error {
  override readonly name = "StoreBusyError";
}

/** Milliseconds between two attempts to get the lock from another process. */
const PAUSE = 5;

export class Writer {
  readonly #database: Database;
  readonly #patience: number;
  #last: Promise<void> = Promise.resolve();

  /** @param patience milliseconds that a transaction waits; less than the server's idle timeout. */
  constructor(database: Database, patience = 20_000) {
    this.#database = database;
    this.#patience = patience;
  }

  /**
   * Runs `work` in an immediate transaction. It must be synchronous: what comes after an `await` would be outside.
   * @throws {StoreBusyError} when others write for longer than the patience.
   */
  transaction<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + this.#patience;
    return this.turn(async () => {
      await this.#begin(deadline);
      try {
        const result = work();
        this.#database.run("COMMIT");
        return result;
      } finally {
        if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      }
    }, this.#patience);
  }

  /**
   * Runs `work` while no other writer of this process does.
   * @param patience milliseconds to wait for the turn; by default for ever.
   */
  async turn<T>(work: () => Promise<T>, patience?: number): Promise<T> {
    const before = this.#last;
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    this.#last = before.then(() => finished);
    try {
      await (patience === undefined ? before : within(before, patience));
      return await work();
    } finally {
      finish();
    }
  }

  /** The connection has no busy timeout: that would block every request. */
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
        await Bun.sleep(PAUSE + Math.random() * PAUSE);
      }
    }
  }
}

function within(turn: Promise<void>, patience: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new StoreBusyError("Others are writing.")), patience);
  turn.then(resolve);
  return promise.finally(() => clearTimeout(timer));
}
