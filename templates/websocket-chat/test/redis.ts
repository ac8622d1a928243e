// Redis for the tests: a prefix in the shared server, or a separate server that can be killed and reconfigured.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./server.ts";

/** The shared server. If it is not set, the tests of several nodes are skipped, except in CI, where that is an error. */
export const REDIS_URL = process.env.REDIS_URL;
export const HAS_REDIS_SERVER = Boolean(REDIS_URL) && Bun.which("redis-server") !== null;

if (!HAS_REDIS_SERVER) {
  const missing = REDIS_URL ? "redis-server is not installed" : "REDIS_URL is not set";
  const problem = `${missing}: not all tests of Redis can run.`;
  if (process.env.CI === "true" && process.platform === "linux") throw new Error(problem);
  console.warn(problem);
}

/** A unique prefix, and a function that deletes its keys. */
export function ownPrefix(): { readonly prefix: string; readonly clear: () => Promise<void> } {
  const prefix = `test-${crypto.randomUUID()}`;
  const clear = async () => {
    using client = new DisposableClient(REDIS_URL);
    const keys: string[] = await client.send("KEYS", [`${prefix}:*`]);
    if (keys.length > 0) await client.send("DEL", keys);
  };
  return { prefix, clear };
}

/** A client that `using` closes. */
export class DisposableClient extends Bun.RedisClient implements Disposable {
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A redis-server that syncs every write to its file before it acknowledges it. */
export class OwnRedis implements AsyncDisposable {
  #process: Bun.Subprocess;

  private constructor(
    readonly port: number,
    readonly directory: string,
    readonly options: readonly string[],
  ) {
    this.#process = this.#spawn();
  }

  /** @param options of redis-server, e.g. `--maxmemory 3mb`. */
  static async start(...options: readonly string[]): Promise<OwnRedis> {
    const directory = await mkdtemp(join(tmpdir(), "chat-redis-"));
    const redis = new OwnRedis(await freePort(), directory, options);
    await redis.#isAvailable();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Sends a command, as an operator would with redis-cli. */
  async command(...args: [command: string, ...args: string[]]): Promise<unknown> {
    using client = new DisposableClient(this.url, { autoReconnect: false });
    const [command, ...parameters] = args;
    return await client.send(command, parameters);
  }

  async crash(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async restart(): Promise<void> {
    this.#process = this.#spawn();
    await this.#isAvailable();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    await rm(this.directory, { recursive: true, force: true });
  }

  #spawn(): Bun.Subprocess {
    const files = ["--dir", this.directory, "--save", ""];
    const durable = ["--appendonly", "yes", "--appendfsync", "always"];
    const address = ["--port", `${this.port}`, "--bind", "127.0.0.1"];
    const command = ["redis-server", ...address, ...files, ...durable, ...this.options];
    return Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  }

  #isAvailable(): Promise<void> {
    return until(async () => {
      using client = new DisposableClient(this.url, { autoReconnect: false });
      const reply = await client.send("PING", []).catch(() => undefined);
      return reply === "PONG";
    }, "Redis is available");
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}
