// A WebSocket client that writes bytes, so that it can send invalid frames (RFC 6455, section 5).
import { createConnection, type Socket } from "node:net";

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface FrameOptions {
  readonly opcode: number;
  readonly payload?: string | Buffer;
  /** Last fragment of its message. */
  readonly fin?: boolean;
  readonly masked?: boolean;
  /** The reserved bits, 0 to 7. */
  readonly reserved?: number;
}

/** Encodes one frame, masked with zeros, so that the payload stays readable. */
export function encodeFrame(options: FrameOptions): Buffer {
  const { opcode, fin = true, masked = true, reserved = 0 } = options;
  const payload = Buffer.from(options.payload ?? "");
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  let head = Buffer.from([first, mask | payload.length]);
  if (payload.length > 125) {
    head = Buffer.from([first, mask | 126, 0, 0]);
    head.writeUInt16BE(Math.min(payload.length, 0xffff), 2);
  }
  if (payload.length > 0xffff) {
    head = Buffer.alloc(10);
    head.set([first, mask | 127]);
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), payload]);
}

export class RawSocket implements Disposable {
  readonly frames: RawFrame[] = [];
  /** Resolves when the server has closed the TCP connection. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = 0;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket, early: Buffer) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    socket.on("data", (data) => this.#read(Buffer.from(data)));
    socket.on("error", () => resolve());
    socket.on("close", () => {
      resolve();
      this.#wake();
    });
    this.#read(early);
  }

  /** Sends an opening handshake. @returns the socket and the head of the response. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ head: string; socket: RawSocket }> {
    const { hostname, port, host } = new URL(url);
    const socket = createConnection(Number(port), hostname);
    const lines = Object.entries({
      host,
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-version": "13",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET /ws HTTP/1.1\r\n${lines.join("")}\r\n`);
    const { promise, resolve, reject } = Promise.withResolvers<{ head: string; rest: Buffer }>();
    let bytes: Buffer = Buffer.alloc(0);
    const read = (data: Buffer | string) => {
      bytes = Buffer.concat([bytes, Buffer.from(data)]);
      const end = bytes.indexOf("\r\n\r\n");
      if (end === -1) return;
      socket.off("data", read);
      resolve({ head: bytes.toString("latin1", 0, end), rest: bytes.subarray(end + 4) });
    };
    socket.on("data", read);
    socket.on("error", reject);
    const { head, rest } = await promise;
    return { head, socket: new RawSocket(socket, rest) };
  }

  send(frame: FrameOptions): void {
    this.#socket.write(encodeFrame(frame));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Resolves when the system has taken everything that was sent. */
  async flushed(): Promise<void> {
    await new Promise((resolve) => this.#socket.write("", resolve));
  }

  /** Waits for the first frame that matches; undefined if the connection closes before. */
  async next(matches: (frame: RawFrame) => boolean): Promise<RawFrame | undefined> {
    for (let seen = 0; ; ) {
      const found = this.frames.slice(seen).find(matches);
      if (found || this.#socket.destroyed) return found;
      seen = this.frames.length;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /** The JSON of the first text frame of that type. */
  async json(type: string): Promise<Record<string, unknown>> {
    const parse = ({ payload }: RawFrame) => JSON.parse(payload.toString());
    const frame = await this.next((one) => one.opcode === OPCODE.text && parse(one).type === type);
    if (!frame) throw new Error(`Closed before ${type}.`);
    return parse(frame);
  }

  /** The code of the server's close frame; 1006 if there was none. */
  async closeCode(): Promise<number> {
    const frame = await this.next(({ opcode }) => opcode === OPCODE.close);
    return frame && frame.payload.length >= 2 ? frame.payload.readUInt16BE() : 1006;
  }

  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // A long frame comes in many chunks: concatenate them only once, when the frame is complete.
    if (this.#size < this.#needed) return;
    this.#bytes = Buffer.concat(this.#chunks);
    for (let frame = this.#take(); frame; frame = this.#take()) this.frames.push(frame);
    this.#chunks = [this.#bytes];
    this.#size = this.#bytes.length;
    this.#wake();
  }

  #take(): RawFrame | undefined {
    const bytes = this.#bytes;
    this.#needed = 2;
    if (bytes.length < this.#needed) return undefined;
    const short = bytes.readUInt8(1);
    const start = short === 127 ? 10 : short === 126 ? 4 : 2;
    this.#needed = start;
    if (bytes.length < this.#needed) return undefined;
    const long = short === 127 ? Number(bytes.readBigUInt64BE(2)) : 0;
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? long : short;
    this.#needed = start + length;
    if (bytes.length < this.#needed) return undefined;
    this.#bytes = bytes.subarray(this.#needed);
    return { opcode: bytes.readUInt8(0) & 15, payload: bytes.subarray(start, start + length) };
  }
}
