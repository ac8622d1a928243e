// Runs the service as a child process, on a free port and with its own data folder.
import { afterAll, beforeAll, beforeEach } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Milliseconds to wait for a condition. */
const DEADLINE_MS = 45_000;
const MAIN = join(import.meta.dir, "../src/main.ts");

export class ChatServer implements AsyncDisposable {
  directory = "";
  #process!: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #output = "";
  #url = "";

  private constructor(
    readonly env: Readonly<Record<string, string>>,
    readonly args: readonly string[],
  ) {}

  /** Starts a server and waits until it listens. @param args of the runtime. @param main the file to run. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    directory?: string,
    args: readonly string[] = [],
    main = MAIN,
  ): Promise<ChatServer> {
    const server = new ChatServer(env, [...args, main]);
    await server.#start(directory);
    return server;
  }

  /**
   * A server for all tests of a file. When a test times out, Bun ends every child process, so the next test starts
   * the server again.
   */
  static shared(env: Readonly<Record<string, string>> = {}): ChatServer {
    const server = new ChatServer(env, [MAIN]);
    beforeAll(() => server.#start());
    beforeEach(async () => {
      const isServing = await fetch(`${server.url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isServing) return;
      const code = await server.exited;
      // After SIGTERM or SIGKILL. Any other exit code is a crash, which a restart would hide.
      if (code !== 0 && code !== 137) throw new Error(`exit ${code}: ${server.output}`);
      await server.restart();
    });
    afterAll(() => server[Symbol.asyncDispose]());
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

  /** Waits until `/readyz` is 200: the service may listen before its stores are available. */
  ready(): Promise<void> {
    const isReady = async () => (await fetch(`${this.#url}/readyz`)).status === 200;
    return until(isReady, "the service is ready");
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
    const env = { ...this.env, PORT: String(port) };
    this.#process = spawn(env, this.directory, this.args);
    await this.#listening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #start(directory?: string): Promise<void> {
    this.directory = directory ?? (await mkdtemp(join(tmpdir(), "websocket-chat-")));
    this.#process = spawn(this.env, this.directory, this.args);
    try {
      await this.#listening();
    } catch (error) {
      await rm(this.directory, { recursive: true, force: true });
      throw error;
    }
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

function spawn(env: Readonly<Record<string, string>>, directory: string, args: readonly string[]) {
  const { PATH = "", HOME = "" } = process.env;
  return Bun.spawn([process.execPath, ...args], {
    cwd: directory,
    env: { PATH, HOME, PORT: "0", LOG_LEVEL: "warn", DATA_DIR: directory, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Waits until `condition` holds; shorter than a test may take, so that a failure says what it waited for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = "the condition holds",
) {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${DEADLINE_MS} ms, but not until ${what}.`);
    await Bun.sleep(20);
  }
}
