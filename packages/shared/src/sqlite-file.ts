// Notices that the files of an open SQLite database were deleted, replaced or emptied.
import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { storeUnavailable } from "./problem.ts";

/** SQLite continues to write to such a file, and what it stores would be lost at the next start. */
export class SqliteFile {
  readonly #path: string;
  readonly #inode: number | undefined;
  /** Undefined until SQLite has created the write-ahead log. */
  #logInode: number | undefined;

  /** @param db a database with a table, so that its file is not empty. */
  constructor({ filename }: Database) {
    this.#path = filename;
    this.#inode = inodeOf(filename, 1);
  }

  /** Call it before each write. @throws {Problem} 503 until the original files are moved back, or the service is restarted. */
  check(): void {
    const logInode = inodeOf(`${this.#path}-wal`);
    this.#logInode ??= logInode;
    if (inodeOf(this.#path, 1) === this.#inode && logInode === this.#logInode) return;
    const files = `${this.#path} or ${this.#path}-wal`;
    throw storeUnavailable(new Error(`${files} was deleted or replaced. Restart the service.`));
  }
}

/** Returns undefined if there is no file, or a smaller one. */
function inodeOf(path: string, minBytes = 0): number | undefined {
  const file = statSync(path, { throwIfNoEntry: false });
  return file && file.size >= minBytes ? file.ino : undefined;
}
