// Opens the SQLite file with the settings of this project, and explains SQLite's error codes.
import { Database } from "bun:sqlite";

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** Create the file if it does not exist; default false. */
  readonly create?: boolean;
  /** Milliseconds that a statement blocks the thread while another process holds the lock. */
  readonly busyTimeout: number;
}

/**
 * Sets the timeout first: switching to WAL needs a lock, and processes that start together would fail there.
 * With `synchronous = FULL`, every acknowledged commit survives a power failure.
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

const EXPLANATIONS: Readonly<Record<string, string>> = {
  SQLITE_BUSY: "another process is writing to it and did not finish in time",
  SQLITE_CANTOPEN: "it can't be opened (does its folder exist, and may this user write to it?)",
  SQLITE_CORRUPT: "the file is damaged: restore a backup",
  SQLITE_FULL: "the disk is full",
  SQLITE_IOERR: "the disk failed to read or write it",
  SQLITE_NOTADB: "the file is not a SQLite database",
  SQLITE_READONLY: "it is read-only (may this user write to it and to its folder?)",
};

/** Explains an error of the file, the disk or a lock to the operator; undefined for an error in SQL. */
export function explain(error: unknown): string | undefined {
  const code = sqliteCode(error);
  const primary = code && Object.keys(EXPLANATIONS).find((known) => code.startsWith(known));
  return primary && EXPLANATIONS[primary];
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error)?.startsWith("SQLITE_BUSY") ?? false;
}

/** Whether the file is damaged, or not a database. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(sqliteCode(error) ?? "");
}

/** The error code of an error, e.g. `SQLITE_FULL`. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
