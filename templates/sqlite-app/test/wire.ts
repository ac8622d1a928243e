// A TCP relay in front of a server, which can refuse connections and stop forwarding.
import { connect, createServer, type Server, type Socket } from "node:net";

export class Wire implements Disposable {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isOpen = true;

  constructor(host: string, port: number) {
    this.#server = createServer((client) => {
      if (!this.#isOpen) return void client.destroy();
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

  /** Closes every connection and refuses new ones. */
  cut(): void {
    this.#isOpen = false;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Stops forwarding on the open connections without closing them. New connections work. */
  silence(): void {
    for (const socket of this.#sockets) socket.unpipe().removeAllListeners("close").resume();
    this.#sockets.clear();
  }

  restore(): void {
    this.#isOpen = true;
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#server.close();
  }
}
