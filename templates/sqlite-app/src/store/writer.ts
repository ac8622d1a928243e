// The one connection of this process that writes: transactions take turns, and wait for other processes without blocking.
import type { Database } from "bun:sqlite";
import { isBusy } from "./connection.ts";

/** Another process kept the write lock for too long. */
export class StoreBusyError extends Error {
  override readonly name = "StoreBusyError";
}

/** Milliseconds that a transaction waits for another process, and pauses between two attempts. */
const PATIENCE = 20_000;
const PAUSE = 5;

export class Writer {
  readonly #database: Database;
  #last: Promise<unknown> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Runs `work` in an immediate transaction. It must be synchronous: what comes after an `await` would be outside.
   * @throws {StoreBusyError} when another process does not let go of the lock.
   */
  transaction<T>(work: () => T): Promise<T> {
    return this.turn(async () => {
      await this.#begin();
      try {
        const result = work();
        this.#database.run("COMMIT");
        return result;
      } finally {
        if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      }
    });
  }

  /** Runs `work` while no other writer of this process does. */
  turn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** The connection has no busy timeout: that would block every request. */
  async #begin(): Promise<void> {
    const deadline = performance.now() + PATIENCE;
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
