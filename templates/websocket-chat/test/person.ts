// Someone in a test: a session, and sockets whose frames can be awaited in any order.
import type { ClientFrame, Person, Position, ServerFrame } from "../src/protocol.ts";

type Answer<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;
type Reply = Answer<"ok" | "error" | "pong">;

interface Waiting {
  readonly fits: (frame: ServerFrame) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Starts a session and returns the `Cookie` header that proves it. */
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
  /** Every frame that arrived, in order. */
  readonly frames: ServerFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<Waiting>();
  readonly #asked = new Map<unknown, PromiseWithResolvers<Reply>>();
  #ref = 0;

  private constructor(
    readonly cookie: string,
    socket: WebSocket,
  ) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
    this.closed = promise;
    socket.onmessage = ({ data }) => this.#arrived(JSON.parse(data));
    socket.onclose = ({ code, reason }) => {
      resolve({ code, reason });
      const error = new Error(`The connection was closed: ${code} ${reason}`);
      for (const waiting of [...this.#waiting, ...this.#asked.values()]) waiting.reject(error);
    };
  }

  /** A person's first socket. */
  static async open(url: string, name: string): Promise<Socket> {
    return Socket.openAs(url, await startSession(url, name));
  }

  /** One more socket for the same person: another tab. */
  static async openAs(url: string, cookie: string): Promise<Socket> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { headers: { cookie } });
    const opened = new Socket(cookie, socket);
    await opened.next("welcome");
    return opened;
  }

  get you(): Person {
    const [welcome] = this.frames;
    if (welcome?.type !== "welcome") throw new Error("The first frame is not the welcome.");
    return welcome.you;
  }

  /** Frames of one type so far. */
  all<T extends ServerFrame["type"]>(type: T): Answer<T>[] {
    return this.frames.filter((frame): frame is Answer<T> => frame.type === type);
  }

  /** The first frame of that type that fits; waits for it. */
  async next<T extends ServerFrame["type"]>(
    type: T,
    fits: (frame: Answer<T>) => boolean = () => true,
  ): Promise<Answer<T>> {
    const isIt = (frame: ServerFrame): frame is Answer<T> =>
      frame.type === type && fits(frame as Answer<T>);
    for (;;) {
      const found = this.frames.find(isIt);
      if (found) return found;
      this.#mustBeOpen();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const waiting = { fits: isIt, resolve, reject };
      this.#waiting.add(waiting);
      await promise;
      this.#waiting.delete(waiting);
    }
  }

  /** Sends anything at all. */
  raw(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  send(frame: ClientFrame): void {
    this.raw(JSON.stringify(frame));
  }

  /** Sends a frame, with a new `ref` unless it has one, and waits for its answer. */
  async ask(frame: Record<string, unknown>): Promise<Reply> {
    this.#mustBeOpen();
    const asked = { ref: `r${++this.#ref}`, ...frame };
    const reply = Promise.withResolvers<Reply>();
    this.#asked.set(asked.ref, reply);
    this.raw(JSON.stringify(asked));
    return await reply.promise;
  }

  async join(room: string, after?: Position) {
    const answer = await this.ask({ type: "join", room, ...(after ? { after } : {}) });
    if (answer.type !== "ok" || !("members" in answer)) throw new Error(JSON.stringify(answer));
    return answer;
  }

  async chat(room: string, text: string, key: string = crypto.randomUUID()) {
    const answer = await this.ask({ type: "chat", room, text, key });
    if (answer.type !== "ok" || !("offset" in answer)) throw new Error(JSON.stringify(answer));
    return answer;
  }

  /** All that the server sent before now has arrived once this resolves. */
  async settled(): Promise<void> {
    await this.ask({ type: "ping" });
  }

  #mustBeOpen(): void {
    const { CLOSING, CLOSED } = WebSocket;
    const state = this.#socket.readyState;
    if (state === CLOSING || state === CLOSED) throw new Error("The connection is closed.");
  }

  #arrived(frame: ServerFrame): void {
    this.frames.push(frame);
    if ("ref" in frame) this.#asked.get(frame.ref)?.resolve(frame as Reply);
    for (const { fits, resolve } of this.#waiting) if (fits(frame)) resolve();
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
  /** Ends the connection without a close frame. */
  cut(): void {
    this.#socket.terminate();
  }
  [Symbol.dispose](): void {
    this.cut();
  }
}
