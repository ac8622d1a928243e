// The copies of a SQLite file from before its migrations, in `backups/` beside it.
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyDatabase } from "./backup.ts";
import { isTransactional } from "./files.ts";
import type { Step } from "./plan.ts";
import { type DatabaseState, unfinishedDirection } from "./state.ts";

/** The copies of one run of `up` or `down`. */
export class SafetyCopies {
  /** Path of the copy from before the first change of the run. */
  first: string | undefined;
  #hasStarted = false;
  #latest: string | undefined;

  /** @param path the database. */
  constructor(private readonly path: string) {}

  /**
   * Copies the database before the first step of this run, and before each step that does not run in a transaction, because
   * a failure does not roll such a step back. Call it under the write lock, so that nothing changes after the copy.
   * @returns the path of the copy; undefined if the step needs none.
   */
  take({ direction, migration, script }: Step, { ledger }: DatabaseState): string | undefined {
    const isFirstStep = !this.#hasStarted;
    this.#hasStarted = true;
    const needsCopy = isFirstStep || !isTransactional(script);
    // Migration 1 starts on an empty database, so there is no earlier data to copy, even when it is retried.
    const startsEmpty = direction === "up" && migration.version === 1;
    if (!needsCopy || startsEmpty) return undefined;
    const folder = join(dirname(this.path), "backups");
    // The same name until the step succeeds, so that a service that restarts in a loop does not fill the disk.
    const file = join(folder, `before-${direction}-${migration.name}.db`);
    const row = ledger.find(({ version }) => version === migration.version);
    const isRetry = row !== undefined && unfinishedDirection(row) === direction;
    // Before a retry, the database already has changes of the migration, so the first copy is kept.
    if (!isRetry || !existsSync(file)) {
      mkdirSync(folder, { recursive: true });
      copyDatabase(this.path, file, { replace: true });
    }
    this.first ??= file;
    this.#latest = file;
    return file;
  }

  /**
   * Adds a number to the name of the step's copy, and then commits the step. No later copy replaces a numbered one, which
   * may be the only copy of data that the step deleted. If the commit fails, the copy gets its old name back.
   */
  commit(commitStep: () => void): void {
    const file = this.#latest;
    this.#latest = undefined;
    if (file === undefined) {
      commitStep();
      return;
    }
    let number = 1;
    while (existsSync(file.replace(/db$/, `${number}.db`))) number += 1;
    const kept = file.replace(/db$/, `${number}.db`);
    renameSync(file, kept);
    try {
      commitStep();
    } catch (error) {
      renameSync(kept, file);
      throw error;
    }
    if (this.first === file) this.first = kept;
  }
}
