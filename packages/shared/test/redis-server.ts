// A Redis server of the test's own, and a TCP relay to it that can go silent.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { RedisClient } from "bun";
import { until } from "./child.ts";
import { freePort } from "./free-port.ts";

export const redisServer = Bun.which("redis-server");
if (!redisServer) console.warn("There is no redis-server: connections to Redis are not tested.");

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
    const args = ["--port", `${this.port}`, "--dir", this.folder, "--save", ""];
    this.#process = Bun.spawn([redisServer ?? "", ...args], {
      stdout: "ignore",
      stderr: "ignore",
    });
    await until(() =>
      this.command("PING").then(
        () => true,
        () => false,
      ),
    );
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

/** Forwards connections to a port until it goes silent; then open connections stay, but carry nothing. */
export class Relay {
  readonly #listener: Bun.TCPSocketListener<{ upstream: Promise<Bun.Socket>; isSilent: boolean }>;
  readonly #clients = new Set<{ isSilent: boolean }>();

  constructor(port: number) {
    this.#listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (client) => {
          const link = {
            isSilent: false,
            upstream: Bun.connect({
              hostname: "127.0.0.1",
              port,
              socket: {
                data: (_, chunk) => {
                  if (!link.isSilent) client.write(chunk);
                },
                close: () => {
                  if (!link.isSilent) client.end();
                },
              },
            }),
          };
          client.data = link;
          this.#clients.add(link);
        },
        data: async ({ data }, chunk) => {
          const upstream = await data.upstream;
          if (!data.isSilent) upstream.write(chunk);
        },
        close: async ({ data }) => {
          this.#clients.delete(data);
          (await data.upstream).end();
        },
      },
    });
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#listener.port}`;
  }

  /** Silences the connections that are open now; later ones are forwarded. */
  silence(): void {
    for (const client of this.#clients) client.isSilent = true;
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
  }
}
