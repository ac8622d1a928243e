// Copies a SQLite database into one verified file. The database may be in use.
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { connect, errorCode, isDamaged } from "../store/connection.ts";
import { MigrateError, RESTORE_HINT, reasonOf } from "./errors.ts";

/**
 * Copies with `VACUUM INTO`, which reads one snapshot while others write. The copy is verified and flushed
 * under a temporary name first, so that `file` is either absent or a complete, valid database. Only its owner may
 * read it, because it contains password hashes.
 * @param options.replace replaces `file` if it exists. Only one process may do that at a time.
 * @returns the size of `file` in bytes.
 * @throws {MigrateError} if `file` exists or the copy fails; no file is left behind then.
 */
export function copyDatabase(source: string, file: string, { replace = false } = {}): number {
  if (!replace && existsSync(file)) {
    throw new MigrateError("failed", `${file} already exists. Nothing was written.`);
  }
  const temporary = replace ? `${file}.tmp` : `${file}.${crypto.randomUUID()}.tmp`;
  try {
    removeFile(temporary);
    closeSync(openSync(temporary, "wx", 0o600)); // SQLite writes into an empty file, and keeps its mode.
    using database = connect(source, { readonly: true, busyTimeout: 60_000 });
    database.run("VACUUM INTO ?", [temporary]);
    checkIntegrity(temporary);
    flush(temporary);
    if (replace) renameSync(temporary, file);
    else publish(temporary, file);
    flushNames(dirname(file));
    return statSync(file).size;
  } catch (cause) {
    if (cause instanceof MigrateError) throw cause;
    const { reason, hint } = explainFailure(source, cause);
    throw new MigrateError("failed", `The copy to ${file} failed: ${reason}.`, { hint, cause });
  } finally {
    for (const end of ["", "-journal"]) removeFile(temporary + end);
  }
}

/** Renames a complete file to `file`. @throws EEXIST if another process created `file` first. */
export function publish(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw error;
    renameSync(temporary, file); // Not every file system has links.
  }
}

/** @throws {MigrateError} if the integrity check of SQLite finds a problem. */
export function checkIntegrity(file: string): void {
  const problems = findDamage(file);
  if (problems.length === 0) return;
  throw new MigrateError("failed", `${file} is damaged: ${problems.slice(0, 3).join("; ")}.`);
}

function findDamage(file: string): string[] {
  using database = connect(file, { readonly: true, busyTimeout: 60_000 });
  const rows = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
  return rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
}

/** Explains why a query of the database at `path` failed. */
export function explainFailure(path: string, cause: unknown) {
  // SQLite also reports a page number beyond its limit, which only a damaged file contains, as a full disk.
  if (errorCode(cause) === "SQLITE_FULL" && findDamage(path).length > 0) {
    return { reason: "the file is damaged", hint: RESTORE_HINT };
  }
  return { reason: reasonOf(cause), hint: isDamaged(cause) ? RESTORE_HINT : undefined };
}

/** Removes a file if it exists. `rmSync` fails in a folder that is a file, also with `force`. */
export function removeFile(path: string): void {
  if (existsSync(path)) rmSync(path);
}

/** Waits until the content of a file is on the disk. Windows requires that it is opened for writing. */
export function flush(file: string, flags = "r+"): void {
  const descriptor = openSync(file, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits until the entries of a folder, such as a rename, are on the disk. Not possible on Windows, and skipped there. */
export function flushNames(folder: string): void {
  if (process.platform !== "win32") flush(folder, "r");
}
