// Runs pg_dump, pg_restore and psql on the database of the service, until a signal stops the command.
import type { SQL } from "bun";
import { type ConnectionSettings, libpqVariables } from "../postgres-url.ts";
import { MigrateError } from "./errors.ts";
import type { SqlRunner } from "./postgres-ledger.ts";

const PROGRAMS = ["pg_dump", "pg_restore", "psql"] as const;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
type Program = (typeof PROGRAMS)[number];

/** The database that the programs connect to, and the signal that stops them. */
export interface ProgramContext {
  readonly connection: ConnectionSettings;
  readonly stop: AbortSignal;
}

/**
 * Runs `work` so that SIGINT and SIGTERM do not end the process, but abort `stop`. The running program or statement then
 * ends with an error, no other one starts, and `work` deletes its files and its scratch database.
 */
export async function stoppable<T>(
  connection: ConnectionSettings,
  work: (context: ProgramContext) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (signal: string) =>
    controller.abort(
      new MigrateError("failed", `The command was stopped by ${signal}. Nothing was changed.`),
    );
  for (const signal of SIGNALS) process.on(signal, abort);
  try {
    return await work({ connection, stop: controller.signal });
  } finally {
    // After a signal they stay: a second one, which `bun run` sends at Ctrl-C, would end the process before its report.
    if (!controller.signal.aborted) for (const signal of SIGNALS) process.off(signal, abort);
  }
}

/** Runs statements like `sql`, until `stop` cancels the running one. */
export function stoppableRunner(sql: Pick<SQL, "unsafe">, stop: AbortSignal): SqlRunner {
  return {
    async unsafe(text, values) {
      stop.throwIfAborted();
      const query = sql.unsafe(text, values);
      const cancel = () => void query.cancel();
      stop.addEventListener("abort", cancel);
      try {
        return await query;
      } catch (error) {
        stop.throwIfAborted();
        throw error;
      } finally {
        stop.removeEventListener("abort", cancel);
      }
    },
  };
}

/**
 * Runs a program of PostgreSQL. @returns its standard output.
 * @throws {MigrateError} with its standard error, or if it is stopped, not installed, or cannot be given the connection.
 */
export async function runProgram(
  { connection, stop }: ProgramContext,
  program: Program,
  ...args: readonly string[]
): Promise<string> {
  const { path, env } = requireProgram(connection, program);
  stop.throwIfAborted();
  const child = Bun.spawn([path, ...args], {
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    signal: stop,
    killSignal: "SIGINT", // psql then cancels its statement on the server.
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) === 0) return stdout;
  // If something else killed psql, it may have been after a COMMIT, so the report must not say that nothing was changed.
  const { signalCode } = child;
  if (signalCode === null || signalCode === "SIGINT") stop.throwIfAborted();
  const reason = signalCode === null ? "failed" : `was ended by ${signalCode}`;
  throw new MigrateError("failed", stderr.trim() || `${program} ${reason}.`);
}

/**
 * Checks the requirements of the programs before anything runs.
 * @throws {MigrateError} if one is not installed or cannot be given the connection.
 */
export function requirePrograms(connection: ConnectionSettings): void {
  for (const program of PROGRAMS) requireProgram(connection, program);
}

function requireProgram(connection: ConnectionSettings, program: Program) {
  const path = Bun.which(program);
  if (path === null) {
    throw new MigrateError("failed", `${program} is not installed.`, {
      hint: "Install the client programs of PostgreSQL, or use the backups of your provider.",
    });
  }
  try {
    return { path, env: libpqVariables(connection) };
  } catch (cause) {
    throw new MigrateError("refused", cause instanceof Error ? cause.message : String(cause), {
      cause,
      hint: "Nothing was changed.",
    });
  }
}

/** Quotes a name for SQL, and for options of pg_dump that expect a pattern. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
