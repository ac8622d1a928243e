// A lock that the operating system releases when its process ends, also after kill -9.
import { Database } from "bun:sqlite";
import type { CreateError } from "./errors.ts";

/**
 * Locks a file, which is created if it is missing. SQLite's lock works on every platform; the file stays empty.
 * @throws what `busy` returns, while another process has the lock
 */
export function lockFile(file: string, busy: () => CreateError): Disposable {
  const database = new Database(file);
  try {
    database.run("PRAGMA busy_timeout = 0");
    database.run("PRAGMA journal_mode = OFF");
    database.run("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw isBusy(error) ? busy() : error;
  }
  return { [Symbol.dispose]: () => database.close() };
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "SQLITE_BUSY";
