// A Redis server that a test may stop, and a TCP relay to Redis that can be cut or go silent.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { RedisClient } from "bun";

export const redisServer = Bun.which("redis-server");
if (!redisServer) console.warn("There is no redis-server: outages of Redis are not tested.");

export class TestRedis {
  #process: Bun.Subprocess | undefined;

  private constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis(await mkdtemp(`${tmpdir()}/redis-`), await freePort());
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    // Each write reaches the disk before it is acknowledged, as with SQLite.
    const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
    const args = ["--port", `${this.port}`, "--dir", this.folder, ...durable];
    this.#process = Bun.spawn([redisServer ?? "", ...args], {
      stdout: "ignore",
      stderr: "ignore",
    });
    while ((await this.command("PING").catch(() => undefined)) !== "PONG") await Bun.sleep(20);
  }

  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
  }

  /** Sends one command on a new connection. */
  async command(name: string, ...args: string[]): Promise<unknown> {
    const client = new RedisClient(this.url, { autoReconnect: false, connectionTimeout: 1000 });
    try {
      return await client.send(name, args);
    } finally {
      client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

interface Link {
  readonly upstream: Promise<Bun.Socket>;
  isSilent: boolean;
}

export class Relay {
  #listener: Bun.TCPSocketListener<Link> | undefined;
  readonly #links = new Set<Link>();
  #port = 0;

  /** @param target URL of the Redis server. */
  constructor(readonly target: string) {
    this.open();
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Accepts connections, after `cut` on the same port again. */
  open(): void {
    const { hostname, port } = new URL(this.target);
    this.#listener = Bun.listen<Link>({
      hostname: "127.0.0.1",
      port: this.#port,
      socket: {
        open: (client) => {
          const upstream = Bun.connect({
            hostname,
            port: Number(port || 6379),
            socket: {
              data: (_, chunk) => {
                if (!client.data.isSilent) client.write(chunk);
              },
              close: () => {
                if (!client.data.isSilent) client.terminate();
              },
            },
          });
          client.data = { upstream, isSilent: false };
          this.#links.add(client.data);
        },
        data: async ({ data }, chunk) => {
          const upstream = await data.upstream;
          if (!data.isSilent) upstream.write(chunk);
        },
        close: async ({ data }) => {
          this.#links.delete(data);
          (await data.upstream).terminate();
        },
      },
    });
    this.#port = this.#listener.port;
  }

  /** Closes every connection and refuses new ones. */
  cut(): void {
    this.#listener?.stop(true);
  }

  /** Keeps the open connections, but forwards nothing on them; new ones are forwarded. */
  silence(): void {
    for (const link of this.#links) link.isSilent = true;
  }

  [Symbol.dispose](): void {
    this.cut();
  }
}

async function freePort(): Promise<number> {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: () => undefined },
  });
  const { port } = listener;
  listener.stop(true);
  return port;
}
