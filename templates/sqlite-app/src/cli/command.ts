// What a command of `bun run db` is given, and what it gives back.
import type { DatabaseEnv } from "../env.ts";
import type { Migrator } from "../migrate/index.ts";

/** 0 done, 1 failed, 2 wrong usage, 3 validation found something. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Call {
  readonly migrator: Migrator;
  readonly env: DatabaseEnv;
  /** The argument, for commands that have one; else an empty string. */
  readonly argument: string;
  readonly to: number | undefined;
  readonly steps: number;
}

export interface Report {
  readonly exitCode: ExitCode;
  /** What `--json` prints, after `ok`, `command` and where the database is. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What people read. */
  readonly text: string;
}

export interface Command {
  readonly summary: string;
  /** Name of the argument; commands without a name here take none. */
  readonly argument?: string;
  readonly options?: readonly ("to" | "steps")[];
  readonly run: (call: Call) => Promise<Report>;
}
