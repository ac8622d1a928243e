// Replaces the SQLite database with a backup, after every check that does not change it.
import type { Database } from "bun:sqlite";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { connect, errorCode, isBusy, isDamaged } from "../store/connection.ts";
import { checkIntegrity, copyDatabase, flushNames } from "./backup.ts";
import { MigrateError, reasonOf, restoreCancelled } from "./errors.ts";
import type { Migration } from "./files.ts";
import { readState } from "./ledger.ts";
import { findProblem } from "./state.ts";
import type { Confirm } from "./target.ts";

/**
 * Replaces the database at `location` with a verified copy of the backup.
 * @param known migrations of this code. A backup with a newer one is refused, unless it is marked as compatible.
 * @param confirm asks before the replacement of a damaged database, which another process may have open.
 * @returns the new path of what was replaced, the database or only its WAL; undefined if there was nothing.
 * @throws {MigrateError} `refused`, with the database unchanged, if the backup is damaged or belongs to another
 * application, or while another process has the database open.
 */
export function restoreDatabase(
  file: string,
  location: string,
  known: readonly Migration[],
  confirm: Confirm,
): string | undefined {
  checkBackup(file, known);
  const path = followLinks(location);
  mkdirSync(dirname(path), { recursive: true });
  const copy = `${path}.${crypto.randomUUID()}.tmp`;
  const keep = `${path}.replaced-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  try {
    copyDatabase(file, copy);
    const existed = existsSync(path);
    if (existed) keepAccess(path, copy);
    using lock = existed ? lockExclusively(path, confirm) : undefined;
    // A hard link instead of a copy: closing another descriptor of the file would release the lock
    // (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
    if (existed) keepReplaced(path, keep);
    let kept = existed ? keep : undefined;
    // A WAL that still exists belongs to a damaged or deleted database; SQLite would replay it into the new one.
    for (const log of ["-wal", "-journal"]) {
      if (!existsSync(path + log)) continue;
      renameSync(path + log, keep + log);
      kept ??= keep + log;
    }
    rmSync(`${path}-shm`, { force: true });
    if (process.platform === "win32") lock?.close(); // Windows cannot replace an open file.
    renameSync(copy, path);
    flushNames(dirname(path));
    return kept;
  } finally {
    rmSync(copy, { force: true });
  }
}

/** Follows symbolic links, as SQLite does. A rename would replace the link, and leave the database that it names. */
function followLinks(path: string): string {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink ? followLinks(resolve(dirname(path), readlinkSync(path))) : path;
}

/** The errors of `link` on a file system without hard links, such as exFAT. */
const HARD_LINK_UNSUPPORTED = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * Gives the database the second name `keep`, so that `path` exists at any moment. On a file system without hard links,
 * renames it.
 */
function keepReplaced(path: string, keep: string): void {
  try {
    linkSync(path, keep);
  } catch (error) {
    if (!HARD_LINK_UNSUPPORTED.has(errorCode(error) ?? "")) throw error;
    renameSync(path, keep);
  }
}

/** Gives `copy` the mode and, as root, the owner of the database that it replaces, so that the service can open it. */
function keepAccess(path: string, copy: string): void {
  const { mode, uid, gid } = statSync(path);
  if (process.getuid?.() === 0) chownSync(copy, uid, gid);
  chmodSync(copy, mode & 0o777);
}

function checkBackup(file: string, known: readonly Migration[]): void {
  try {
    checkIntegrity(file);
    using database = connect(file, { readonly: true, busyTimeout: 60_000 });
    const state = readState(database);
    const reason =
      findProblem(state, known) ??
      (state.ledger.length === 0 ? "It records no migration." : undefined);
    if (reason !== undefined) {
      throw new MigrateError("refused", `${file} is not a backup of this application. ${reason}`);
    }
  } catch (cause) {
    if (cause instanceof MigrateError && cause.code === "refused") throw cause;
    const message = `Can't restore ${file}; nothing was changed: ${reasonOf(cause)}`;
    throw new MigrateError("refused", message, { cause });
  }
}

/**
 * Locks the database and checkpoints its WAL. Leaving WAL mode fails while another connection is open.
 * @returns undefined if the database is too damaged to be locked, and the operator has confirmed the restore.
 */
function lockExclusively(path: string, confirm: Confirm): Database | undefined {
  let database: Database | undefined;
  try {
    database = connect(path, { busyTimeout: 1000 });
    database.run("PRAGMA journal_mode = DELETE");
    database.run("BEGIN EXCLUSIVE");
    // A process that connected between the two statements has enabled WAL again, where the lock stops only writers.
    const mode = database.query("PRAGMA journal_mode").values().flat();
    if (mode.includes("delete")) return database;
  } catch (cause) {
    database?.close();
    if (isDamaged(cause)) {
      const question = `${path} is damaged, so it can't be checked whether a service still uses it. Stop the service first.`;
      if (confirm(question)) return undefined;
      throw restoreCancelled();
    }
    if (!isBusy(cause)) throw cause;
  }
  database?.close();
  throw new MigrateError("refused", `${path} is in use. Nothing was changed.`, {
    hint: "Stop the service first, then restore again.",
  });
}
