// The interface of a `bun run db` command: its input and its report.
import type { DatabaseEnv } from "../env.ts";
import type { Migrator } from "../migrate/index.ts";

/** 0 done, 1 failed, 2 wrong usage, 3 a check found a problem in the files or the database. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Call {
  readonly migrator: Migrator;
  readonly env: DatabaseEnv;
  /** The argument; an empty string for commands without one. */
  readonly argument: string;
  /** The number or the name of a migration. */
  readonly to: string | undefined;
  readonly steps: number;
  /** Asks the operator; true without asking if `--yes` was given. Without a terminal, `--yes` is required. */
  readonly confirm: (question: string) => boolean;
}

export interface Report {
  readonly exitCode: ExitCode;
  /** The fields that `--json` prints after `ok`, `command`, `engine` and `database`. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The text that is printed without `--json`. */
  readonly text: string;
}

export interface Command {
  readonly summary: string;
  /** Name of the argument; undefined if the command takes none. */
  readonly argument?: string;
  /** Whether the argument may be left out. */
  readonly isArgumentOptional?: boolean;
  readonly options?: readonly ("to" | "steps" | "yes")[];
  readonly run: (call: Call) => Promise<Report>;
}
