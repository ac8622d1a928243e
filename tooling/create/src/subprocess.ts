// Runs a program to its end and keeps what it printed; an interrupt ends it first.

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Command {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  readonly signal?: AbortSignal;
}

export interface Result {
  readonly exitCode: number;
  /** What it printed, on both streams. */
  readonly output: string;
}

/** Resolves when the program has ended, also after an interrupt: nothing runs on behind the caller's back. */
export async function run({ command, cwd, env, signal }: Command): Promise<Result> {
  signal?.throwIfAborted();
  const child = Bun.spawn([...command], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    ...(signal ? { signal } : {}),
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  signal?.throwIfAborted();
  return { exitCode, output: `${stderr}${stdout}`.trim() };
}
