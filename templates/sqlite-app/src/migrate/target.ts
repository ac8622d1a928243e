// What a database must be able to do to be migrated. One implementation for each engine.
import type { Migration } from "./files.ts";
import type { Step } from "./plan.ts";
import type { Engine } from "./sql.ts";
import type { Contents } from "./state.ts";

export interface Target extends AsyncDisposable {
  readonly engine: Engine;
  /** Where the database is, for people to read; without a password. */
  readonly location: string;
  /** The backup that was taken before the first change of this run, if there was one. */
  readonly safetyBackup: string | undefined;
  /** What the database holds; nothing if it does not exist yet. */
  contents(): Promise<Contents>;
  /**
   * Runs one step and writes its ledger row in the same transaction. The ledger is read again inside it:
   * `already` means that another process was faster.
   */
  apply(step: Step): Promise<"done" | "already">;
  /** Records migrations as applied without running them. */
  baseline(migrations: readonly Migration[]): Promise<void>;
  /** Makes the ledger say what the files say. */
  repair(migrations: readonly Migration[]): Promise<void>;
  /** The schema as SQL, in a stable order. */
  dump(): Promise<string>;
  /** Writes a checked copy of the database to `file`, which must not exist. Returns its size in bytes. */
  backup(file: string): Promise<number>;
  /** Replaces the database by `file` once that passed every check. Returns where the old one is kept, if there was one. */
  restore(file: string, known: readonly Migration[]): Promise<string | undefined>;
}
