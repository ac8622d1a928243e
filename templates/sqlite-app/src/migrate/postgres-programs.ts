// Runs pg_dump, pg_restore and psql on the database of the service.
import { type ConnectionSettings, libpqVariables } from "../postgres-url.ts";
import { MigrateError } from "./errors.ts";

const PROGRAMS = ["pg_dump", "pg_restore", "psql"] as const;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
type Program = (typeof PROGRAMS)[number];

/**
 * Runs a program of PostgreSQL. @returns its standard output.
 * @throws {MigrateError} with its standard error, or if it is not installed or cannot be given the connection.
 */
export async function runProgram(
  connection: ConnectionSettings,
  program: Program,
  ...args: readonly string[]
): Promise<string> {
  const { path, env } = requireProgram(connection, program);
  const child = Bun.spawn([path, ...args], {
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  // A signal only ends the program, so that the caller can delete its files and its scratch database.
  const stop = () => child.kill();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) === 0) return stdout;
    throw new MigrateError("failed", stderr.trim() || `${program} failed.`);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
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
