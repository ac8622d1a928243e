// Opens the SQLite file with the settings of this project, and explains SQLite's error codes.
import { Database } from "bun:sqlite";
import { closeSync, existsSync, openSync } from "node:fs";

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** Create the file if it does not exist; default false. */
  readonly create?: boolean;
  /** Milliseconds that a statement blocks the thread while another process holds the lock. */
  readonly busyTimeout: number;
}

/** Size to which SQLite truncates the WAL. Without a limit, it keeps the size of the largest transaction. */
const MAX_WAL_BYTES = 64 * 1024 * 1024;

/**
 * Sets the timeout first: switching to WAL needs a lock, and processes that start together would fail there.
 * With `synchronous = FULL`, every acknowledged commit survives a power failure.
 */
export function connect(path: string, options: ConnectionOptions): Database {
  const { readonly = false, create = false, busyTimeout } = options;
  // Only the owner may read password hashes. SQLite gives the WAL the mode of the database.
  if (create && !existsSync(path)) closeSync(openSync(path, "a", 0o600));
  if (readonly && existsSync(`${path}-journal`)) rollBackJournal(path, busyTimeout);
  const database = new Database(path, { readonly, create, readwrite: !readonly, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${busyTimeout}`);
    if (!readonly) database.run("PRAGMA journal_mode = WAL");
    database.run(`PRAGMA journal_size_limit = ${MAX_WAL_BYTES}`);
    database.run("PRAGMA synchronous = FULL");
    database.run("PRAGMA foreign_keys = ON");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Rolls back what a killed process left in a rollback journal, which a read-only connection cannot do. */
function rollBackJournal(path: string, busyTimeout: number): void {
  using database = new Database(path, { readwrite: true, create: false });
  database.run(`PRAGMA busy_timeout = ${busyTimeout}`);
  database.query("SELECT * FROM sqlite_schema").get();
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  EACCES: "it can't be opened (may this user use it and its folder?)",
  EROFS: "it is on a read-only disk",
  ENOSPC: "the disk is full",
  SQLITE_BUSY: "another process is writing to it and did not finish in time",
  SQLITE_CANTOPEN: "it can't be opened (does its folder exist, and may this user write to it?)",
  SQLITE_CORRUPT: "the file is damaged",
  SQLITE_FULL: "the disk is full",
  SQLITE_IOERR: "it could not be read or written (is it a file, and is its disk in order?)",
  SQLITE_NOTADB: "the file is not a SQLite database",
  SQLITE_READONLY: "it is read-only (may this user write to it and to its folder?)",
};

/** Explains an error of the file, the disk or a lock to the operator. Returns undefined for an error in SQL. */
export function outageReason(error: unknown): string | undefined {
  const code = errorCode(error);
  const primary = code && Object.keys(EXPLANATIONS).find((known) => code.startsWith(known));
  return primary && EXPLANATIONS[primary];
}

export function isBusy(error: unknown): boolean {
  return errorCode(error)?.startsWith("SQLITE_BUSY") ?? false;
}

/** Returns whether the file is damaged, or not a database. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(errorCode(error) ?? "");
}

/** The code of an error of SQLite or of the file system, e.g. `SQLITE_FULL`. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
