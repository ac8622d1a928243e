// Notices that the file of an open SQLite database was deleted, replaced or emptied.
import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { storeUnavailable } from "./problem.ts";

/** SQLite continues to write to such a file, and what it stores would be lost at the next start. */
export class SqliteFile {
  readonly #path: string;
  readonly #inode: number | undefined;

  /** @param db a database with a table. */
  constructor({ filename }: Database) {
    this.#path = filename;
    this.#inode = inodeOf(filename);
  }

  /** Call it before each write. @throws {Problem} 503 until the file is back, or the service is restarted. */
  check(): void {
    if (inodeOf(this.#path) === this.#inode) return;
    const cause = new Error(`${this.#path} was deleted, replaced or emptied. Restart the service.`);
    throw storeUnavailable(cause);
  }
}

/** Returns undefined if there is no file, or an empty one: an open database with a table is never empty. */
function inodeOf(path: string): number | undefined {
  const file = statSync(path, { throwIfNoEntry: false });
  return file?.size ? file.ino : undefined;
}
