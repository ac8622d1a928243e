// A server under measurement: its process, its URL and its memory.
import { randomUUID } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

export class Service implements AsyncDisposable {
  readonly #kill = () => this.process.kill("SIGKILL");

  constructor(
    readonly process: Bun.Subprocess,
    /** Without a trailing slash. */
    readonly url: string,
  ) {
    // An interrupted run leaves no server behind.
    globalThis.process.on("exit", this.#kill);
  }

  /** Sends SIGTERM, then SIGKILL after a grace period. */
  async [Symbol.asyncDispose](): Promise<void> {
    globalThis.process.off("exit", this.#kill);
    this.process.kill("SIGTERM");
    const timer = setTimeout(this.#kill, STOP_TIMEOUT_MS);
    await this.process.exited;
    clearTimeout(timer);
  }
}

/**
 * Starts `command` and waits for the first URL that it prints. Its output goes to a file in
 * `folder`, because reading a pipe would disturb the measurement.
 * @throws with that output if it exits first or prints no URL within 30 s.
 */
export async function startService(
  command: readonly string[],
  { cwd, env = {} }: StartOptions,
  folder: string,
): Promise<Service> {
  const path = join(folder, `${randomUUID()}.log`);
  const output = Bun.file(path);
  // Appends, because the program's processes would otherwise overwrite each other's lines.
  const descriptor = openSync(path, "a");
  const child = Bun.spawn([...command], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...Bun.env, NODE_ENV: "production", HOST: "127.0.0.1", PORT: "0", ...env },
    stdin: "ignore",
    stdout: descriptor,
    stderr: descriptor,
  });
  closeSync(descriptor);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    // A service with metrics prints their address first.
    const url = /(?<!metrics at )https?:\/\/[\w.:[\]]+/.exec(await output.text());
    if (url) return new Service(child, url[0]);
    await Bun.sleep(10);
  }
  child.kill("SIGKILL");
  throw new Error(`${command.join(" ")} did not print a URL, but:\n${await output.text()}`);
}
