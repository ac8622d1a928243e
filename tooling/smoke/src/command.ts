// Runs Bun in a project as its owner would; all that it prints goes to a log.
import { closeSync, openSync } from "node:fs";
import { bareEnvironment } from "@bunyard/test/command";

interface CommandOptions {
  readonly cwd: string;
  /** A file that is appended to. */
  readonly log: string;
  /** Ends the command, and whatever it has started. */
  readonly signal: AbortSignal;
}

/** Milliseconds that a command has to end by itself when it is asked to. */
const GRACE = 2000;

/** `bun` with these arguments. @throws unless it exits with 0. */
export async function bun(
  args: readonly string[],
  { cwd, log, signal }: CommandOptions,
): Promise<void> {
  signal.throwIfAborted();
  // One descriptor that appends, for both streams: neither writes over the other.
  const output = openSync(log, "a");
  try {
    // Without orphans: what a test suite has started ends with it, also when it is killed.
    const child = Bun.spawn([process.execPath, "--no-orphans", ...args], {
      cwd,
      env: bareEnvironment(),
      stdin: "ignore",
      stdout: output,
      stderr: output,
    });
    const stop = () => {
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), GRACE).unref();
    };
    signal.addEventListener("abort", stop, { once: true });
    const code = await child.exited;
    signal.removeEventListener("abort", stop);
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`exit code ${code}`);
  } finally {
    closeSync(output);
  }
}
