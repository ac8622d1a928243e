// Runs a script as a child process and collects what it prints, for tests that need a real process.

export interface Child {
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** Base URL without the trailing slash; "" until the service listens. */
  readonly url: string;
  /** Everything on stdout and stderr so far. */
  output(): string;
  /** Resolves once the output matches. */
  printed(pattern: RegExp): Promise<void>;
  /** Resolves with the exit code once all output is read. */
  readonly exited: Promise<number>;
  signal(signal?: NodeJS.Signals): void;
  [Symbol.asyncDispose](): Promise<void>;
}

const FIXTURE = /^[\w-]+\.ts$/;

/**
 * Starts a fixture, a file with an absolute path, or a script that is passed as text, and returns immediately.
 * @param options of the runtime.
 */
export function run(
  script: string,
  env: Record<string, string> = {},
  options: readonly string[] = [],
): Child {
  let text = "";
  const file = FIXTURE.test(script) ? `test/fixtures/${script}` : script;
  const args = file.endsWith(".ts") ? [file] : ["-e", script];
  const child = Bun.spawn([process.execPath, ...options, ...args], {
    cwd: `${import.meta.dir}/..`,
    env: { PATH: process.env.PATH, PORT: "0", NODE_ENV: "production", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  };
  const pipes = Promise.all([collect(child.stdout), collect(child.stderr)]);
  let hasExited = false;
  const exited = pipes.then(async () => {
    const code = await child.exited;
    hasExited = true;
    return code;
  });
  return {
    process: child,
    get url() {
      return /listening on (http:\S+?)\/(?=["\s])/.exec(text)?.[1] ?? "";
    },
    exited,
    output: () => text,
    async printed(pattern) {
      await until(() => hasExited || pattern.test(text));
      if (!pattern.test(text)) throw new Error(`${pattern} was not printed:\n${text}`);
    },
    signal: (signal = "SIGTERM") => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Starts the fixture service and waits until it listens. */
export async function serve(env: Record<string, string> = {}): Promise<Child> {
  const child = run("service.ts", env);
  await child.printed(/listening on/);
  return child;
}

/** Resolves once the condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("The condition did not become true in time.");
    await Bun.sleep(5);
  }
}
