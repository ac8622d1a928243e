// Runs a program to its end and returns what it printed. An interrupt ends the program first.

/** Environment variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface Subprocess {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Variables;
  readonly signal?: AbortSignal;
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
}

export interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  /** Standard error, then standard output, trimmed. */
  readonly output: string;
}

/** Ctrl-C also ends the program, perhaps before this process gets the signal. After a failure, wait for it this long. */
const INTERRUPT_MS = 50;

/**
 * Resolves when the program has ended, after an interrupt too, so that nothing keeps running in the background.
 * @throws the signal's reason once it is aborted
 */
export async function run({ command, cwd, env, signal, stdin }: Subprocess): Promise<Result> {
  signal?.throwIfAborted();
  const child = Bun.spawn([...command], {
    cwd,
    env,
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    ...(signal ? { signal } : {}),
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  if (exitCode !== 0 && signal) await Bun.sleep(INTERRUPT_MS);
  signal?.throwIfAborted();
  return { exitCode, stdout, output: `${stderr}${stdout}`.trim() };
}
