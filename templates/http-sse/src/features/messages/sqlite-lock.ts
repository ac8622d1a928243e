// Lets only one process at a time use a SQLite file of messages.
import { Database, SQLiteError } from "bun:sqlite";
import { StartError } from "#lib/service";

/**
 * Locks the file for this process. The lock is a transaction in a file of its own, so that other programs can read the
 * messages. The kernel releases it when the process ends, also after kill -9.
 * @throws {StartError} if another process has the lock.
 */
export function lock(file: string): Database {
  const db = new Database(`${file}-lock`);
  // The previous process may still be closing.
  db.run("PRAGMA busy_timeout = 5000");
  try {
    // Nothing is written, so no journal file is needed.
    db.run("PRAGMA journal_mode = MEMORY");
    db.run("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (!(error instanceof SQLiteError) || error.code !== "SQLITE_BUSY") throw error;
    const hint = "Stop that process first, or set DATA_DIR to another folder.";
    throw new StartError(`Another process uses ${file}.`, hint, { cause: error });
  }
  return db;
}
