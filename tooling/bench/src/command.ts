// Runs a command to its end and measures the process time.

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `command` and returns its stdout. @throws with its stderr unless it exits with 0. */
export async function runCommand(
  command: readonly string[],
  { cwd, env = {} }: CommandOptions,
): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...Bun.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    child.stdout.text(),
    child.stderr.text(),
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} exited with ${code}:\n${stderr}`);
  return stdout;
}

/** Milliseconds from the start of the process to its end. @throws like `runCommand`. */
export async function timeCommand(
  command: readonly string[],
  options: CommandOptions,
): Promise<number> {
  const started = performance.now();
  await runCommand(command, options);
  return performance.now() - started;
}
