// A database that can be migrated. Each engine has one implementation.
import type { Migration } from "./files.ts";
import type { Step } from "./plan.ts";
import type { Engine } from "./sql.ts";
import type { DatabaseState } from "./state.ts";

export interface Target extends AsyncDisposable {
  readonly engine: Engine;
  /** Where the database is, for messages; without a password. */
  readonly location: string;
  /** Path of the backup that was taken before the first change of this run, if there is one. */
  readonly safetyBackup: string | undefined;
  /** The state of the database; empty if it does not exist yet. */
  readState(): Promise<DatabaseState>;
  /**
   * Runs one step and writes its ledger row in one transaction, which reads the ledger again.
   * @returns `alreadyApplied` if another process was faster.
   */
  apply(step: Step): Promise<"done" | "alreadyApplied">;
  /** Records migrations as applied without running them. */
  baseline(migrations: readonly Migration[]): Promise<void>;
  /** Updates the names and checksums in the ledger to those of the files. */
  repair(migrations: readonly Migration[]): Promise<void>;
  /** The schema as SQL, in a stable order. */
  dump(): Promise<string>;
  /** Writes a verified copy of the database to `file`, which must not exist. @returns its size in bytes. */
  backup(file: string): Promise<number>;
  /** Checks `file`, then replaces the database with it. @returns the path of the replaced database, if it is kept. */
  restore(file: string, known: readonly Migration[]): Promise<string | undefined>;
}
