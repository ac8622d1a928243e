// Runs the service as a child process, on a free port and with its own data folder.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ReceivedEvent, readEvents } from "../src/features/events/parse.ts";
import type { TextMessage } from "../src/features/messages/routes.ts";

interface Limits {
  /** Maximum size of a file, in KiB. */
  readonly maxFileKiB?: number;
}

export class TestServer {
  #process: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined;
  #output = "";
  #read: Promise<void> = Promise.resolve();
  /** Base URL without the trailing slash. */
  url = "";

  /** Everything that the service has printed on stdout since its start. */
  get output(): string {
    return this.#output;
  }

  private constructor(
    readonly dataDir: string,
    readonly env: Readonly<Record<string, string>>,
    readonly limits: Limits,
  ) {}

  /** Starts a service with only the given environment, and quiet logs. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    limits: Limits = {},
  ): Promise<TestServer> {
    const server = new TestServer(await mkdtemp(join(tmpdir(), "http-sse-")), env, limits);
    await server.restart();
    return server;
  }

  /** Starts the service again, with the same data and on the same port. */
  async restart(): Promise<void> {
    const port = this.url === "" ? "0" : new URL(this.url).port;
    const { maxFileKiB } = this.limits;
    const command = [process.execPath, join(import.meta.dir, "../src/main.ts")];
    // Bash counts in KiB. `exec` replaces the shell, so its pid is the service's.
    const limited = ["bash", "-c", `ulimit -f ${maxFileKiB}; exec "$@"`, "-", ...command];
    const child = Bun.spawn(maxFileKiB === undefined ? command : limited, {
      cwd: this.dataDir,
      env: {
        PATH: process.env.PATH ?? "",
        PORT: port,
        DATA_DIR: this.dataDir,
        LOG_LEVEL: "warn",
        RATE_LIMIT: "1000000",
        ...this.env,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#process = child;
    this.#output = "";
    const listening = Promise.withResolvers<string>();
    this.#read = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stdout) {
        this.#output += decoder.decode(chunk, { stream: true });
        const url = /listening.*?(http:\S+?)\/?\s/.exec(this.#output)?.[1];
        if (url) listening.resolve(url);
      }
      listening.reject(new Error(`The service exited before it listened: ${this.#output}`));
    })();
    this.url = await listening.promise;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Sends a signal and waits for the exit. @returns the exit code and the output. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<{ code: number; output: string }> {
    this.#process?.kill(signal);
    const code = (await this.#process?.exited) ?? 0;
    await this.#read;
    return { code, output: this.#output };
  }

  async post(
    text: string,
    headers: Readonly<Record<string, string>> = {},
    topic?: string,
  ): Promise<TextMessage> {
    const response = await this.fetch("/api/messages", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ text, topic }),
    });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as TextMessage;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, init);
  }

  /** Opens an event stream; disposing it disconnects. */
  async events(headers: Readonly<Record<string, string>> = {}, query = ""): Promise<EventClient> {
    const abort = new AbortController();
    const response = await this.fetch(`/api/events${query}`, { headers, signal: abort.signal });
    if (!response.body || !response.ok)
      throw new Error(`There is no event stream: ${response.status}`);
    return new EventClient(readEvents(response.body), abort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

export class EventClient {
  constructor(
    readonly events: AsyncGenerator<ReceivedEvent>,
    readonly abort: AbortController,
  ) {}

  /** The next event; undefined when the stream has ended. */
  async next(): Promise<ReceivedEvent | undefined> {
    const { done, value } = await this.events.next();
    return done ? undefined : value;
  }

  /** The texts of the next `count` messages. */
  async texts(count: number): Promise<string[]> {
    const texts: string[] = [];
    while (texts.length < count) {
      const event = await this.next();
      if (!event) throw new Error(`The stream ended after ${texts.length} of ${count} messages.`);
      texts.push(JSON.parse(event.data).text);
    }
    return texts;
  }

  [Symbol.dispose](): void {
    this.abort.abort();
  }
}
