// The interface of a `bun run db` command: its input and its report.
import type { DatabaseEnv } from "../env.ts";
import type { Migrator } from "../migrate/index.ts";
import type { Confirm } from "../migrate/target.ts";

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
  /** True without asking if `--yes` was given. Without a terminal, `--yes` is required. */
  readonly confirm: Confirm;
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
  /** The argument, if the command takes one; `[name]` may be left out, `<name>` may not. */
  readonly argument?: `<${string}>` | `[${string}]`;
  readonly options?: readonly ("to" | "steps" | "yes")[];
  readonly run: (call: Call) => Promise<Report>;
}
