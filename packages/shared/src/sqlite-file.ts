// Notices that the file of an open SQLite database was deleted or replaced.
import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { storeUnavailable } from "./problem.ts";

/** SQLite continues to write to such a file, and what it stores would be lost at the next start. */
export class SqliteFile {
  readonly #path: string;
  readonly #inode: number | undefined;

  constructor({ filename }: Database) {
    this.#path = filename;
    this.#inode = inodeOf(filename);
  }

  /** Call it before each write. @throws {Problem} 503 until the file is back, or the service is restarted. */
  check(): void {
    if (inodeOf(this.#path) === this.#inode) return;
    const cause = new Error(`${this.#path} was deleted or replaced. Restart the service.`);
    throw storeUnavailable(cause);
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
