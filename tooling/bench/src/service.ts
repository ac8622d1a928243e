// A server under measurement: its process, its URL and its memory.
import { randomUUID } from "node:crypto";
import { join } from "node:path";

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

export class Service implements AsyncDisposable {
  constructor(
    readonly process: Bun.Subprocess,
    /** Without a slash at its end. */
    readonly url: string,
  ) {}

  /** SIGTERM, and SIGKILL if that does not help. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGTERM");
    const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await this.process.exited;
    clearTimeout(timer);
  }
}

/**
 * Starts `command` and waits for the first URL that it prints. Its output goes to a file in
 * `folder`: a pipe would have to be emptied while the clock runs.
 * @throws with that output when it ends first or prints no URL in 30 s.
 */
export async function startService(
  command: readonly string[],
  { cwd, env = {} }: StartOptions,
  folder: string,
): Promise<Service> {
  const output = Bun.file(join(folder, `${randomUUID()}.log`));
  await Bun.write(output, "");
  const process = Bun.spawn([...command], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...Bun.env, NODE_ENV: "production", HOST: "127.0.0.1", PORT: "0", ...env },
    stdin: "ignore",
    stdout: output,
    stderr: output,
  });
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (process.exitCode === null && performance.now() < deadline) {
    const url = /https?:\/\/[\w.:[\]]+/.exec(await output.text());
    if (url) return new Service(process, url[0]);
    await Bun.sleep(10);
  }
  process.kill("SIGKILL");
  throw new Error(`${command.join(" ")} did not print a URL, but:\n${await output.text()}`);
}
