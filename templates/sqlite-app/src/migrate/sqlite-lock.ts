// Locks a SQLite file for a migration, and waits for other processes without blocking the thread.
import type { Database } from "bun:sqlite";
import { connect, isBusy } from "../store/connection.ts";

/** Milliseconds that a process waits for the migration of another one. */
export const MIGRATION_TIMEOUT_MS = 10 * 60_000;
/** Milliseconds for which one attempt to lock a file blocks the thread, and with it the signal handlers. */
const ATTEMPT_MS = 100;
/** Milliseconds between two attempts, and between two migrations, in which signals are handled. */
const PAUSE_MS = 10;

/** Opens a connection without foreign keys, and begins an immediate transaction on it. Creates a missing file. */
export async function lockDatabase(path: string): Promise<Database> {
  await Bun.sleep(PAUSE_MS);
  return retryWhileBusy(() => {
    const database = connect(path, { create: true, busyTimeout: ATTEMPT_MS });
    try {
      database.run("PRAGMA foreign_keys = OFF");
      database.run("BEGIN IMMEDIATE");
      // A long timeout for the commit: without WAL, which some file systems do not support, it waits for readers.
      database.run(`PRAGMA busy_timeout = ${MIGRATION_TIMEOUT_MS}`);
      return database;
    } catch (error) {
      database.close(true);
      throw error;
    }
  });
}

/** Runs `work` on a connection that only reads. */
export function readDatabase<T>(path: string, work: (database: Database) => T): Promise<T> {
  return retryWhileBusy(() => {
    using database = connect(path, { readonly: true, busyTimeout: ATTEMPT_MS });
    return work(database);
  });
}

/**
 * Repeats `attempt` while another process holds the lock. A longer busy timeout would block the thread, so that a signal
 * could not end the start of the service.
 */
async function retryWhileBusy<T>(attempt: () => T): Promise<T> {
  const deadline = performance.now() + MIGRATION_TIMEOUT_MS;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await Bun.sleep(PAUSE_MS);
  }
}
