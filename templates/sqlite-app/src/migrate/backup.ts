// Copies a SQLite database, in use or not, into one checked file.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { connect, explain } from "../store/connection.ts";
import { MigrateError } from "./errors.ts";

/**
 * `VACUUM INTO` reads one consistent state, also while others write. The copy is checked and flushed to disk
 * under a temporary name first, so `file` is either absent or a whole, sound database. Returns its size in bytes.
 * @throws {MigrateError} when `file` exists or the copy fails; then nothing is left behind.
 */
export function copyDatabase(source: string, file: string): number {
  if (existsSync(file)) {
    throw new MigrateError("failed", `${file} exists already. Nothing was written.`);
  }
  const temporary = `${file}.${crypto.randomUUID()}.tmp`;
  try {
    using database = connect(source, { readonly: true, busyTimeout: 60_000 });
    database.run("VACUUM INTO ?", [temporary]);
    checkIntegrity(temporary);
    flush(temporary);
    renameSync(temporary, file);
    flushNames(dirname(file));
    return statSync(file).size;
  } catch (cause) {
    if (cause instanceof MigrateError) throw cause;
    const reason = explain(cause) ?? String(cause);
    throw new MigrateError("failed", `The copy to ${file} failed: ${reason}.`, { cause });
  } finally {
    for (const end of ["", "-journal"]) rmSync(temporary + end, { force: true });
  }
}

/** @throws {MigrateError} when SQLite finds anything wrong inside the file. */
export function checkIntegrity(file: string): void {
  using database = connect(file, { readonly: true, busyTimeout: 60_000 });
  const rows = database.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
  const problems = rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
  if (problems.length === 0) return;
  throw new MigrateError("failed", `${file} is damaged: ${problems.slice(0, 3).join("; ")}.`);
}

/** Waits until the contents of a file are on the disk. */
export function flush(file: string): void {
  const descriptor = openSync(file, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Waits until the names in a folder are on the disk. Windows has no such thing. */
export function flushNames(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
