// Runs a script as a child process and reads what it prints, for tests that need a real process.

export interface Child {
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** Base URL, without the slash at the end. */
  readonly url: string;
  /** All of stdout and stderr so far. */
  output(): string;
  /** Resolves once the output matches. */
  printed(pattern: RegExp): Promise<void>;
  /** Resolves when both of its pipes are closed. */
  readonly closed: Promise<unknown>;
  signal(signal?: NodeJS.Signals): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Runs a fixture, or a script that is given as text, without waiting for anything. */
export function run(script: string, env: Record<string, string> = {}): Child {
  let text = "";
  const child = Bun.spawn(
    ["bun", ...(/^[\w-]+\.ts$/.test(script) ? [`test/fixtures/${script}`] : ["-e", script])],
    {
      cwd: `${import.meta.dir}/..`,
      env: { PATH: process.env.PATH, PORT: "0", NODE_ENV: "production", ...env },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  };
  const closed = Promise.all([collect(child.stdout), collect(child.stderr)]);
  return {
    process: child,
    get url() {
      return /listening on (http:\S+?)\/(?=["\s])/.exec(text)?.[1] ?? "";
    },
    closed,
    output: () => text,
    printed: (pattern) =>
      until(() => pattern.test(text)).catch((cause) => {
        throw new Error(`${pattern} never came in:\n${text}`, { cause });
      }),
    signal: (signal = "SIGTERM") => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      await closed;
    },
  };
}

/** Runs a fixture that is a service, and waits until it listens. */
export async function serve(env: Record<string, string> = {}): Promise<Child> {
  const child = run("service.ts", env);
  await child.printed(/listening on/);
  return child;
}

/** Resolves once the condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("It never came true.");
    await Bun.sleep(5);
  }
}
