// Program: N clients in one room. Each sends a message, and the next one after it has received N.
// It prints the deliveries per second. It uses raw sockets, so that it costs less than the server that it measures.
import type { Socket } from "bun";

const [target = "", clients, seconds, dialect = "chat"] = process.argv.slice(2);
const url = new URL(target);
const count = Number(clients);
const RAMP_UP_MS = 500;
const TEXT = "The quick brown fox jumps over the lazy dog.";
const LETTER_C = 0x63;

let deliveries = 0;
let keys = 0;

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

/** The protocol of a server: how a client connects, and how to write and recognize a message. */
interface Dialect {
  readonly path: string;
  readonly headers?: () => Promise<string>;
  /** Returns the reply to a frame that arrives before the client is in the room, or true once it is. */
  readonly enter: (frame: string) => string | boolean;
  readonly message: () => string;
  /** Index of the letter c of "chat" in a delivered message. */
  readonly letter: number;
}

const chatMessage = () =>
  `{"type":"chat","ref":1,"room":"bench","text":"${TEXT}","key":"${process.pid}-${++keys}"}`;

const dialects: Readonly<Record<string, Dialect>> = {
  /** The starter: a session, a join, and answers between the messages. */
  chat: {
    path: "/ws",
    headers: async () => {
      const response = await fetch(`${target}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"name":"Bench"}',
      });
      return `cookie: ${response.headers.get("set-cookie")?.split(";", 1)[0]}\r\n`;
    },
    enter: (frame) =>
      frame.includes('"welcome"') ? '{"type":"join","ref":0,"room":"bench"}' : true,
    message: chatMessage,
    letter: 9,
  },
  /** A server that sends what it gets to everyone, and greets with any frame. */
  echo: { path: "/ws", enter: () => true, message: chatMessage, letter: 9 },
  /** Engine.IO 4 over a WebSocket. */
  "socket.io": {
    path: "/socket.io/?EIO=4&transport=websocket",
    enter: (frame) => (frame.startsWith("0") ? "40" : frame.startsWith("40")),
    message: () => `42["chat",${chatMessage()}]`,
    letter: 4,
  },
};

const spoken = dialects[dialect] ?? fail(`Nobody speaks ${dialect}.`);

/** A text frame of a client, masked with zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? [0x81, 0x80 | payload.length]
      : [0x81, 0xfe, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

class Client {
  readonly ready: Promise<void>;
  readonly #entered = Promise.withResolvers<void>();
  #rest: Buffer = Buffer.alloc(0);
  #state: "handshake" | "entering" | "in" = "handshake";
  #unread = 0;

  constructor() {
    this.ready = this.#entered.promise;
  }

  say(socket: Socket): void {
    this.#unread = count;
    socket.write(frame(spoken.message()));
  }

  received(socket: Socket, chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    if (this.#state === "handshake") {
      const end = bytes.indexOf("\r\n\r\n");
      if (end !== -1 && !bytes.toString("latin1", 0, end).startsWith("HTTP/1.1 101")) {
        fail(`Refused: ${bytes}`);
      }
      if (end !== -1) this.#state = "entering";
      at = end === -1 ? 0 : end + 4;
    }
    if (this.#state !== "handshake") at = this.#frames(socket, bytes, at);
    // The runtime reuses the buffer that it passes.
    this.#rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }

  /** Parses the complete frames from `at` on, and returns the offset after the last one. */
  #frames(socket: Socket, bytes: Buffer, at: number): number {
    let next = at;
    for (;;) {
      if (bytes.length < next + 4) return next;
      const short = (bytes[next + 1] ?? 0) & 127;
      if (short === 127) fail("A frame is longer than a message of this bench.");
      const start = next + (short === 126 ? 4 : 2);
      const end = start + (short === 126 ? bytes.readUInt16BE(next + 2) : short);
      if (bytes.length < end) return next;
      if (this.#state === "entering") this.#enter(socket, bytes.toString("utf8", start, end));
      else if (bytes[start + spoken.letter] === LETTER_C) this.#read(socket);
      next = end;
    }
  }

  #enter(socket: Socket, text: string): void {
    const answer = spoken.enter(text);
    if (typeof answer === "string") socket.write(frame(answer));
    if (answer !== true) return;
    this.#state = "in";
    this.#entered.resolve();
  }

  #read(socket: Socket): void {
    deliveries += 1;
    this.#unread -= 1;
    if (this.#unread === 0) this.say(socket);
  }
}

async function connect() {
  const client = new Client();
  const headers = (await spoken.headers?.()) ?? "";
  const socket = await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      data: (from, chunk) => client.received(from, chunk),
      close: () => fail("The server closed a connection."),
      error: (_, error) => fail(String(error)),
    },
  });
  socket.write(
    `GET ${spoken.path} HTTP/1.1\r\nhost: ${url.host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
      `sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n${headers}\r\n`,
  );
  await client.ready;
  return { client, socket };
}

const all = await Promise.all(Array.from({ length: count }, connect));
for (const { client, socket } of all) client.say(socket);
await Bun.sleep(RAMP_UP_MS);
const before = deliveries;
const started = performance.now();
await Bun.sleep(Number(seconds) * 1000);
if (deliveries === before) fail("Nothing is delivered any more.");
console.log((deliveries - before) / ((performance.now() - started) / 1000));
process.exit(0);
