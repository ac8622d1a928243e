// A database that goes away and comes back: the service says so, and goes on by itself.
import { expect, test } from "bun:test";
import { connect, createServer, type Server, type Socket } from "node:net";
import { onPostgres } from "../postgres.ts";
import { PROCESS_TIMEOUT } from "../project.ts";
import { Service } from "../service.ts";

/** A way to a server that can be cut. */
class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #open = true;

  constructor(host: string, port: number) {
    this.#server = createServer((client) => {
      if (!this.#open) return void client.destroy();
      const upstream = connect(port, host);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy()).on("close", () => to.destroy());
      }
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  cut(): void {
    this.#open = false;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  mend(): void {
    this.#open = true;
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#server.close();
  }
}

onPostgres((newDatabase) => {
  test(
    "without its database readyz is 503 and requests are 503 problems, and then all is well again",
    async () => {
      const url = new URL(await newDatabase());
      using wire = new Wire(url.hostname, Number(url.port || 5432));
      url.host = `127.0.0.1:${await wire.listen()}`;
      await using service = await Service.start({ DATABASE_URL: url.href });
      const until = async (path: string, status: number) => {
        while ((await service.send("GET", path)).status !== status) await Bun.sleep(50);
      };
      await until("/readyz", 200);
      wire.cut();
      await until("/readyz", 503);
      const refused = await service.send("GET", "/api/articles");
      expect(refused.status).toBe(503);
      expect(refused.headers.get("retry-after")).toBe("1");
      expect((await service.send("GET", "/api/articles/export")).status).toBe(503);
      expect((await service.send("GET", "/healthz")).status).toBe(200);
      wire.mend();
      await until("/readyz", 200);
      await until("/api/articles", 200);
    },
    PROCESS_TIMEOUT,
  );
});
