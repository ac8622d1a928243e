// Runs a program to its end and returns what it printed.

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `command`, and resolves whatever its exit code is. */
export async function runCommand(command: readonly string[]): Promise<CommandResult> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

/**
 * Runs `command` and returns its standard output without surrounding white space.
 * @throws with everything it printed, if its exit code is not 0.
 */
export async function outputOf(command: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(command);
  if (exitCode !== 0) {
    throw new Error(`${command.join(" ")} exited with ${exitCode}\n${stdout}${stderr}`);
  }
  return stdout.trim();
}
