// A user in a test: a session, and WebSockets whose frames can be awaited in any order.
import type {
  ClientFrame,
  EventOf,
  Message,
  Position,
  ServerFrame,
  User,
} from "../src/protocol.ts";
import { openWebSocket } from "./web-socket.ts";

type ServerFrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;
type Reply = ServerFrameOf<"ok" | "error" | "pong">;

interface Waiting {
  readonly matches: (frame: ServerFrame) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Milliseconds to wait for a frame: less than a test has, so that a failure says what it waited for. */
const DEADLINE_MS = 30_000;

/** Starts a session. @returns its `Cookie` header. */
export async function startSession(url: string, name: string, cookie = ""): Promise<string> {
  const response = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: JSON.stringify({ name }),
  });
  if (response.status !== 201) throw new Error(`No session: ${response.status}`);
  return response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
}

export class Socket implements Disposable {
  /** Every frame so far, in order. */
  readonly frames: ServerFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: Bun.WebSocket;
  readonly #waiting = new Set<Waiting>();
  readonly #asked = new Map<unknown, PromiseWithResolvers<Reply>>();
  #ref = 0;

  private constructor(
    readonly cookie: string,
    socket: Bun.WebSocket,
  ) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
    this.closed = promise;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => {
      resolve({ code, reason });
      const error = new Error(`The connection was closed: ${code} ${reason}`);
      for (const waiting of [...this.#waiting, ...this.#asked.values()]) waiting.reject(error);
    };
  }

  /** Opens a socket for a new user. */
  static async open(url: string, name: string): Promise<Socket> {
    return Socket.openAs(url, await startSession(url, name));
  }

  /** Opens another socket for the same user, like another tab. */
  static async openAs(url: string, cookie: string): Promise<Socket> {
    const socket = openWebSocket(url, cookie);
    const opened = new Socket(cookie, socket);
    await opened.next("welcome");
    return opened;
  }

  get you(): User {
    const [welcome] = this.frames;
    if (welcome?.type !== "welcome") throw new Error("The first frame is not the welcome.");
    return welcome.you;
  }

  /** Frames of one type so far. */
  all<T extends ServerFrame["type"]>(type: T): ServerFrameOf<T>[] {
    return this.frames.filter((frame): frame is ServerFrameOf<T> => frame.type === type);
  }

  /** Waits for the first frame of this type that matches. */
  async next<T extends ServerFrame["type"]>(
    type: T,
    matches: (frame: ServerFrameOf<T>) => boolean = () => true,
  ): Promise<ServerFrameOf<T>> {
    const isMatch = (frame: ServerFrame): frame is ServerFrameOf<T> =>
      frame.type === type && matches(frame as ServerFrameOf<T>);
    for (;;) {
      const found = this.frames.find(isMatch);
      if (found) return found;
      this.#requireOpen();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const waiting = { matches: isMatch, resolve, reject };
      this.#waiting.add(waiting);
      await inTime(promise, `a frame ${type}`);
      this.#waiting.delete(waiting);
    }
  }

  /** Sends data that need not be a frame of the protocol. */
  raw(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  send(frame: ClientFrame): void {
    this.raw(JSON.stringify(frame));
  }

  /** Sends a frame, with a new `ref` unless it has one, and waits for the reply. */
  async ask(frame: Record<string, unknown>): Promise<Reply> {
    this.#requireOpen();
    const asked = { ref: `r${++this.#ref}`, ...frame };
    const reply = Promise.withResolvers<Reply>();
    this.#asked.set(asked.ref, reply);
    this.raw(JSON.stringify(asked));
    return await inTime(reply.promise, `the reply to ${JSON.stringify(asked)}`);
  }

  async join(room: string, after?: Position) {
    const reply = await this.ask({ type: "join", room, ...(after ? { after } : {}) });
    if (reply.type !== "ok" || !("members" in reply)) throw new Error(JSON.stringify(reply));
    // Events or messages, by `recovered`: with the fields of both, tests can read either.
    const messages = reply.messages as readonly (Partial<Message> & EventOf<"chat">)[];
    return { ...reply, messages };
  }

  chat(room: string, text: string, key: string = crypto.randomUUID()) {
    return this.post({ type: "chat", room, text, key });
  }

  /** Sends an event. @throws unless the reply is `ok` with an offset. */
  async post(event: Record<string, unknown>) {
    const reply = await this.ask({ key: crypto.randomUUID(), ...event });
    if (reply.type !== "ok" || !("offset" in reply)) throw new Error(JSON.stringify(reply));
    return reply;
  }

  /** Resolves when everything that the server has sent so far has been received. */
  async settled(): Promise<void> {
    await this.ask({ type: "ping" });
  }

  #requireOpen(): void {
    const { CLOSING, CLOSED } = WebSocket;
    const state = this.#socket.readyState;
    if (state === CLOSING || state === CLOSED) throw new Error("The connection is closed.");
  }

  #receive(frame: ServerFrame): void {
    this.frames.push(frame);
    if ("ref" in frame) this.#asked.get(frame.ref)?.resolve(frame as Reply);
    for (const { matches, resolve } of this.#waiting) if (matches(frame)) resolve();
  }

  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }
  close(): void {
    this.#socket.close();
  }
  /** Drops the connection without a close frame. */
  drop(): void {
    this.#socket.terminate();
  }
  [Symbol.dispose](): void {
    this.drop();
  }
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${what} did not come within ${DEADLINE_MS} ms.`)),
    DEADLINE_MS,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
