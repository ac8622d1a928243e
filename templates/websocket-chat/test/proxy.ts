// A TCP proxy that cuts connections whenever it is told to, in the middle of anything.
import { connect, createServer, type Server, type Socket } from "node:net";

export class CuttingProxy implements AsyncDisposable {
  /** Where connections go; change it to move them to another node. */
  port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(port: number): Promise<CuttingProxy> {
    const server = createServer({ pauseOnConnect: true });
    const proxy = new CuttingProxy(server, port);
    server.on("connection", (socket) => proxy.#join(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("It does not listen.");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Cuts each connection with the given probability. */
  cut(probability = 1): void {
    for (const socket of this.#sockets) if (Math.random() < probability) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const server = connect(this.port, "127.0.0.1");
    const ends = [client, server];
    for (const socket of ends) {
      this.#sockets.add(socket);
      // A reset is what a cut looks like; the close that follows ends the other half.
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        for (const end of ends) end.destroy();
      });
    }
    client.pipe(server).pipe(client);
  }
}
