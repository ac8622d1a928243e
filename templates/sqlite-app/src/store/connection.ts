// Opens the SQLite file the one way that this project does, and turns SQLite's error codes into sentences.
import { Database } from "bun:sqlite";

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** Create the file if it is not there; default false. */
  readonly create?: boolean;
  /** Milliseconds that a statement waits, blocking the thread, while another process holds the lock. */
  readonly busyTimeout: number;
}

/**
 * The timeout comes first: switching to WAL needs a lock, too, and processes that start together would fail there.
 * `synchronous = FULL` keeps every acknowledged commit through a power cut.
 */
export function connect(path: string, options: ConnectionOptions): Database {
  const { readonly = false, create = false, busyTimeout } = options;
  const database = new Database(path, { readonly, create, readwrite: !readonly, strict: true });
  try {
    database.run(`PRAGMA busy_timeout = ${busyTimeout}`);
    if (!readonly) database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = FULL");
    database.run("PRAGMA foreign_keys = ON");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  SQLITE_BUSY: "another process is writing to it and did not finish in time",
  SQLITE_CANTOPEN: "it can't be opened (is its folder there, and writable by this user?)",
  SQLITE_CORRUPT: "the file is damaged: restore a backup",
  SQLITE_FULL: "the disk is full",
  SQLITE_IOERR: "the disk failed to read or write it",
  SQLITE_NOTADB: "the file is not a SQLite database",
  SQLITE_READONLY: "it is read-only (is it, and its folder, writable by this user?)",
};

/** What an error of SQLite means for the person who runs the program; undefined for plain SQL errors. */
export function explain(error: unknown): string | undefined {
  const code = sqliteCode(error);
  const primary = code && Object.keys(SENTENCES).find((known) => code.startsWith(known));
  return primary && SENTENCES[primary];
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error)?.startsWith("SQLITE_BUSY") ?? false;
}

/** Whether what is in the file is not, or no longer, a database. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(sqliteCode(error) ?? "");
}

/** The name of the error code that an error carries, e.g. `SQLITE_FULL`. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
