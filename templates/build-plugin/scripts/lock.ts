// A lock between processes. The kernel releases it when its holder exits, even after a crash.
import { Database, SQLiteError } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Timeout for acquiring the lock, much longer than a build takes. */
const WAIT_MS = 600_000;

/** Waits for the exclusive lock on a file, which is created if it is missing. Disposing releases it. */
export function lock(path: string, waitMs = WAIT_MS): Disposable {
  mkdirSync(dirname(path), { recursive: true });
  try {
    const database = new Database(path);
    database.run(`PRAGMA busy_timeout = ${waitMs}`);
    database.run("BEGIN EXCLUSIVE");
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    if (error instanceof SQLiteError) {
      error.message =
        error.code === "SQLITE_BUSY"
          ? `Another build still holds the lock ${path}. End that build, and try again.`
          : `The lock ${path} is unusable: ${error.message}. Make it writable, or delete it.`;
    }
    throw error;
  }
}
