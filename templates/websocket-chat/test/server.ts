// Runs the service as a child process, on a free port and with its own data folder.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Milliseconds to wait for a condition. */
const TIMEOUT_MS = 60_000;
const MAIN = join(import.meta.dir, "../src/main.ts");

export class ChatServer implements AsyncDisposable {
  #process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #output = "";
  #url = "";

  private constructor(
    process: Bun.Subprocess<"ignore", "pipe", "pipe">,
    readonly directory: string,
    readonly env: Readonly<Record<string, string>>,
  ) {
    this.#process = process;
  }

  /** Starts a server and waits until it listens. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    directory?: string,
  ): Promise<ChatServer> {
    const folder = directory ?? (await mkdtemp(join(tmpdir(), "websocket-chat-")));
    const server = new ChatServer(spawn(env, folder), folder, env);
    try {
      await server.#listening();
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return server;
  }

  /** `http://host:port`, without a slash. */
  get url(): string {
    return this.#url;
  }
  get port(): number {
    return Number(new URL(this.#url).port);
  }
  get pid(): number {
    return this.#process.pid;
  }
  /** Everything printed so far. */
  get output(): string {
    return this.#output;
  }
  get exited(): Promise<number> {
    return this.#process.exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Sends SIGTERM. @returns the exit code. */
  stop(): Promise<number> {
    this.signal("SIGTERM");
    return this.exited;
  }

  /** Sends SIGKILL, so that the process cannot finish anything. */
  async crash(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }

  /** Starts it again, with the same data and on the same port. */
  async restart(): Promise<void> {
    const { port } = this;
    this.#process = spawn({ ...this.env, PORT: String(port) }, this.directory);
    await this.#listening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #listening(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const collect = async (stream: ReadableStream<Uint8Array>) => {
      let seen = "";
      for await (const chunk of stream) {
        const text = new TextDecoder().decode(chunk);
        seen += text;
        this.#output += text;
        const url = /listening on (http:\/\/\S+?)\/?["\s]/.exec(seen)?.[1];
        if (url) resolve(url);
      }
    };
    const { stdout, stderr, exited } = this.#process;
    Promise.all([exited, collect(stdout), collect(stderr)]).then(([code]) =>
      reject(new Error(`exit ${code}: ${this.#output}`)),
    );
    this.#url = await promise;
  }
}

function spawn(env: Readonly<Record<string, string>>, directory: string) {
  const { PATH = "", HOME = "" } = process.env;
  return Bun.spawn([process.execPath, MAIN], {
    cwd: directory,
    env: { PATH, HOME, PORT: "0", LOG_LEVEL: "warn", DATA_DIR: directory, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Waits until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = "the condition holds",
) {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${TIMEOUT_MS} ms, but not until ${what}.`);
    await Bun.sleep(10);
  }
}
