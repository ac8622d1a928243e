// A TCP proxy that can drop connections, slow them down, or keep them open and forward nothing.
import { connect, createServer, type Server, type Socket } from "node:net";
import { Transform } from "node:stream";

export class FaultyProxy implements AsyncDisposable {
  /** Target of new connections. */
  port: number;
  /** Limits what new connections receive. */
  bytesPerSecond = Number.POSITIVE_INFINITY;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(port: number): Promise<FaultyProxy> {
    const server = createServer({ pauseOnConnect: true });
    const proxy = new FaultyProxy(server, port);
    server.on("connection", (socket) => proxy.#connect(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string")
      throw new Error("The proxy does not listen.");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Drops each connection with the given probability. */
  drop(probability = 1): void {
    for (const socket of this.#sockets) if (Math.random() < probability) socket.destroy();
  }

  /** Lets the open connections stay open, but forwards nothing on them. New ones work. */
  silence(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(client: Socket): void {
    const server = connect(this.port, "127.0.0.1");
    const ends = [client, server];
    for (const socket of ends) {
      this.#sockets.add(socket);
      // Dropping one half of a connection resets the other half.
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        for (const end of ends) end.destroy();
      });
    }
    client.pipe(server);
    if (this.bytesPerSecond === Number.POSITIVE_INFINITY) server.pipe(client);
    else server.pipe(throttle(this.bytesPerSecond)).pipe(client);
  }
}

function throttle(bytesPerSecond: number): Transform {
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      setTimeout(() => done(null, chunk), (chunk.length / bytesPerSecond) * 1000);
    },
  });
}
