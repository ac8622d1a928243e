// A database that can be migrated. Each engine has one implementation.
import type { Finding } from "./errors.ts";
import type { Migration } from "./files.ts";
import type { Step } from "./plan.ts";
import type { Engine } from "./sql.ts";
import type { DatabaseState } from "./state.ts";

export interface BackupResult {
  /** Size of the file. */
  readonly bytes: number;
  /** Why the backup could not be verified; undefined if it was. */
  readonly unverified: string | undefined;
  /** Objects of other applications in the same schema, which the backup does not contain. */
  readonly leftOut: readonly string[];
}

/** Asks the operator before something that cannot be undone or checked. Returns whether to do it. */
export type Confirm = (question: string) => boolean;

export interface Target extends AsyncDisposable {
  readonly engine: Engine;
  /** Describes the database in messages, without a password. */
  readonly location: string;
  /** Path of the copy from before the first change of this run, if there is one. */
  readonly safetyCopy: string | undefined;
  /** Converts an error of the engine or the disk to a `MigrateError`; returns any other error unchanged. */
  explain(error: unknown): unknown;
  /** The state of the database; empty if it does not exist yet. */
  readState(): Promise<DatabaseState>;
  /**
   * Runs one step and writes its ledger row, in one transaction unless its file is marked otherwise. Reads the
   * ledger again under the lock.
   * @returns `alreadyApplied` if another process was faster.
   */
  apply(step: Step): Promise<"done" | "alreadyApplied">;
  /**
   * Records migrations as applied without running them, and renames the ledger of another tool.
   * @returns the objects of a shared schema that now count as created by migrations, and that `restore` will replace.
   */
  baseline(migrations: readonly Migration[]): Promise<readonly string[]>;
  /** Updates the names, checksums and marks in the ledger to those of the files. */
  repair(migrations: readonly Migration[]): Promise<void>;
  /** Finds rows that refer to a row that does not exist. They do not prevent a migration that leaves them unchanged. */
  findOrphans(): Promise<Finding[]>;
  /** The schema as SQL, in a stable order. */
  dump(): Promise<string>;
  /** Writes a copy of the database to `file`, which must not exist. */
  backup(file: string): Promise<BackupResult>;
  /**
   * Checks `file`, then replaces the database with it.
   * @returns the path of the replaced database, if it is kept.
   */
  restore(file: string, known: readonly Migration[], confirm: Confirm): Promise<string | undefined>;
}
