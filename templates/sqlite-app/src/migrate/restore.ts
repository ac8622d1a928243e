// Replaces the SQLite database by a backup, after every check that can be made without touching it.
import type { Database } from "bun:sqlite";
import { existsSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { connect, explain, isBusy, isDamaged } from "../store/connection.ts";
import { checkIntegrity, copyDatabase, flushNames } from "./backup.ts";
import { MigrateError } from "./errors.ts";
import type { Migration } from "./files.ts";
import { readContents } from "./ledger.ts";
import { compare } from "./state.ts";

export interface RestoreOptions {
  /** The backup. */
  readonly file: string;
  /** The database to replace. */
  readonly path: string;
  /** Migrations that this code knows: a backup with others is refused. */
  readonly known: readonly Migration[];
  /** Where the replaced database is kept, in the folder of `path`. */
  readonly keep: string;
}

/**
 * Returns true if there was a database before; it is at `keep` then.
 * @throws {MigrateError} `refused`, with the database untouched, when the backup is not sound or not ours,
 * or while another process has the database open.
 */
export function restoreDatabase({ file, path, known, keep }: RestoreOptions): boolean {
  checkBackup(file, known);
  mkdirSync(dirname(path), { recursive: true });
  const copy = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    copyDatabase(file, copy);
    const existed = existsSync(path);
    using lock = existed ? lockWhole(path) : undefined;
    // A second name, no copy: to close another descriptor of the file would give up the lock on it
    // (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
    if (existed) linkSync(path, keep);
    // A log that is still there belongs to a damaged or vanished database: SQLite would play it into the new one.
    for (const log of ["-wal", "-journal"]) {
      if (existsSync(path + log)) renameSync(path + log, keep + log);
    }
    rmSync(`${path}-shm`, { force: true });
    if (process.platform === "win32") lock?.close(); // A file that is open can't be replaced there.
    renameSync(copy, path);
    flushNames(dirname(path));
    return existed;
  } finally {
    rmSync(copy, { force: true });
  }
}

function checkBackup(file: string, known: readonly Migration[]): void {
  if (!existsSync(file)) throw new MigrateError("failed", `${file} does not exist.`);
  try {
    checkIntegrity(file);
    using database = connect(file, { readonly: true, busyTimeout: 60_000 });
    const contents = readContents(database);
    const { findings } = compare({ migrations: known, findings: [] }, contents);
    const reason =
      findings[0]?.message ??
      (contents.ledger.length === 0 ? "It records no migration." : undefined);
    if (reason !== undefined) {
      throw new MigrateError("refused", `${file} is not a backup of this application. ${reason}`);
    }
  } catch (cause) {
    if (cause instanceof MigrateError && cause.code === "refused") throw cause;
    const reason = explain(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    const message = `${file} can't be restored, nothing was changed: ${reason}`;
    throw new MigrateError("refused", message, { cause });
  }
}

/**
 * Makes `path` a single file that nobody else has open: leaving WAL mode needs every other connection closed, and
 * writes the log back. Undefined if the database is too damaged for that; then nobody can be using it either.
 */
function lockWhole(path: string): Database | undefined {
  let database: Database | undefined;
  try {
    database = connect(path, { busyTimeout: 1000 });
    database.run("PRAGMA journal_mode = DELETE");
    database.run("BEGIN EXCLUSIVE");
    // Who came between the two has switched it to WAL mode again, where this lock stops only writers.
    const mode = database.query("PRAGMA journal_mode").values().flat();
    if (mode.includes("delete")) return database;
  } catch (cause) {
    database?.close();
    if (isDamaged(cause)) return undefined;
    if (!isBusy(cause)) throw cause;
  }
  database?.close();
  throw new MigrateError("refused", `${path} is in use. Nothing was changed.`, {
    hint: "Stop the server first, then restore again.",
  });
}
