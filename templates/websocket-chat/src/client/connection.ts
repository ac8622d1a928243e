// Keeps a WebSocket open: reconnects after a growing delay, detects a dead network, and matches replies to requests.
import type { ClientFrame, FrameOf, ServerFrame } from "../protocol.ts";

type RequestType = Extract<ClientFrame, { ref: unknown }>["type"];
/** A frame that gets a reply, without the `ref` that `request` adds. */
type NewRequest = { [K in RequestType]: Omit<FrameOf<K>, "ref"> }[RequestType];
export type Reply = Extract<ServerFrame, { type: "ok" | "error" | "pong" }>;

export interface Backoff {
  /** Upper bound of the first delay, in milliseconds. It doubles with each attempt. */
  readonly base: number;
  /** Upper bound of all delays, in milliseconds. */
  readonly cap: number;
}

export interface ConnectionOptions {
  readonly connect: () => WebSocket;
  readonly backoff?: Backoff | undefined;
  connecting(): void;
  /** The connection is lost, or could not be made (`isUnreachable`). The next attempt starts in `retryInMs`. */
  offline(retryInMs: number, isUnreachable: boolean): void;
  /** Gets every frame. The connection can be used from `welcome` on. */
  frame(frame: ServerFrame): void;
  /** The server has closed the connection. Unless this calls `close`, the next attempt follows. */
  closed(code: number): void;
}

/** Send a ping after this many milliseconds of silence. */
const PING_AFTER_MS = 20_000;
/**
 * Reconnect if a ping has no reply after this many milliseconds. Each failed attempt doubles the time, up to `cap`:
 * over a slow network, the reply may have to wait behind a long reply to a join.
 */
const SILENCE_TIMEOUT_MS = { base: 4000, cap: 64_000 };
/** Give up a connection attempt after this many milliseconds. */
const OPEN_TIMEOUT_MS = 10_000;
/** The delay before a reconnect. */
const RECONNECT: Backoff = { base: 1000, cap: 30_000 };
/** The delay before a frame is resent after a temporary error. */
const RETRY: Backoff = { base: 2000, cap: 30_000 };

export class Connection {
  readonly #options: ConnectionOptions;
  /** Resolves the request with this ref. */
  readonly #requests = new Map<unknown, (reply: Reply | undefined) => void>();
  /** One function per pending delay of `requestWhile`; it ends the delay early, when the connection closes. */
  readonly #delays = new Set<() => void>();
  #lastRef = 0;
  #socket: WebSocket | undefined;
  #isOnline = false;
  #isClosed = false;
  /** Whether nothing was received since the last ping. */
  #awaitsPong = false;
  /** Attempts since the last reply. */
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Whether frames can be sent: the server has sent its `welcome`, and the connection is not lost. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** Connects unless there is a connection, and checks one that is open. Does nothing after `close`. */
  connect(): void {
    if (this.#isClosed) return;
    if (this.#isOnline && !this.#awaitsPong) this.#ping();
    if (this.#socket) return;
    this.#options.connecting();
    const socket = this.#options.connect();
    this.#socket = socket;
    this.#after(OPEN_TIMEOUT_MS, () => this.#reconnect());
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(JSON.parse(String(data)));
    };
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      this.#options.closed(code);
      if (!this.#isClosed) this.#reconnect();
    };
  }

  /** Closes the connection permanently. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** Sends a frame with a new ref. @returns the reply; undefined if the connection closes first. */
  request(frame: NewRequest): Promise<Reply | undefined> {
    if (!this.#isOnline) return Promise.resolve(undefined);
    const ref = ++this.#lastRef;
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    this.#requests.set(ref, resolve);
    this.send({ ...frame, ref });
    return promise;
  }

  /**
   * Sends a frame, and after a temporary error again, as long as `isWanted`.
   * @returns the final reply; undefined if the connection closes first, or the frame is no longer wanted.
   */
  async requestWhile(isWanted: () => boolean, frame: NewRequest): Promise<Reply | undefined> {
    let reply = await this.request(frame);
    for (let attempt = 0; reply?.type === "error" && reply.retry; attempt++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#delays.add(resolve);
      const timer = setTimeout(resolve, delay(RETRY, attempt));
      await promise;
      clearTimeout(timer);
      this.#delays.delete(resolve);
      reply = isWanted() ? await this.request(frame) : undefined;
    }
    return reply;
  }

  #receive(frame: ServerFrame): void {
    this.#awaitsPong = false;
    if (frame.type === "welcome") this.#isOnline = true;
    if (this.#isOnline) this.#after(PING_AFTER_MS, () => this.#ping());
    this.#options.frame(frame);
    if (frame.type !== "ok" && frame.type !== "error" && frame.type !== "pong") return;
    // Not at the welcome: if each connection closes before the first reply, the delays must grow.
    this.#attempts = 0;
    this.#requests.get(frame.ref)?.(frame);
    this.#requests.delete(frame.ref);
  }

  /** A lost network does not close the socket: silence is the only sign. */
  #ping(): void {
    this.#awaitsPong = true;
    this.send({ type: "ping", ref: "alive" });
    const { base, cap } = SILENCE_TIMEOUT_MS;
    this.#after(Math.min(cap, base * 2 ** this.#attempts), () => this.#reconnect());
  }

  #reconnect(): void {
    const isUnreachable = !this.#isOnline;
    this.#drop();
    const wait = delay(this.#options.backoff ?? RECONNECT, this.#attempts++);
    this.#after(wait, () => this.connect());
    this.#options.offline(wait, isUnreachable);
  }

  /** Gives up the socket, and ends the requests that wait for its replies. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isOnline = false;
    this.#awaitsPong = false;
    for (const resolve of this.#requests.values()) resolve(undefined);
    this.#requests.clear();
    for (const end of this.#delays) end();
    socket?.close();
  }

  /** Sets `#timer`, which belongs to the connection, or to the next attempt to connect. */
  #after(ms: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
  }
}

/** In milliseconds, with full jitter: after an outage, clients must not all return at the same moment. */
function delay({ base, cap }: Backoff, attempt: number): number {
  return Math.random() * Math.min(cap, base * 2 ** attempt);
}
