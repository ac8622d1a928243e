// Runs Bun in a project as its owner would, and writes its output to a log.
import { closeSync, openSync } from "node:fs";
import { bareEnvironment } from "@bunyard/test/command";

interface CommandOptions {
  readonly cwd: string;
  /** A file to append to. */
  readonly log: string;
  /** Ends the command and the processes that it started. */
  readonly signal: AbortSignal;
}

/** Grace period after SIGTERM, in milliseconds. */
const GRACE = 2000;
/** Ctrl-C signals this process and the command. Milliseconds for its handler to run if the command ends first. */
const INTERRUPT_MS = 50;

/** Runs `bun` with these arguments. @throws unless it exits with 0. */
export async function bun(
  args: readonly string[],
  { cwd, log, signal }: CommandOptions,
): Promise<void> {
  signal.throwIfAborted();
  // Both streams append through one descriptor, so that neither overwrites the other.
  const output = openSync(log, "a");
  try {
    // Processes that a test suite started end with it, even if it is killed.
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
    if (code !== 0) await Bun.sleep(INTERRUPT_MS);
    signal.removeEventListener("abort", stop);
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`exit code ${code}`);
  } finally {
    closeSync(output);
  }
}
