// The client's half of the protocol: reconnects, resumes each room where it stopped, and loses nothing typed.
import type { ClientFrame, Person, Position, ServerFrame, Snapshot } from "../protocol.ts";
import { Outbox, type OutboxStorage, type Unsent } from "./outbox.ts";
import { type Reply, Requests } from "./requests.ts";

export type ConnectionState = "connecting" | "online" | "offline";

export interface ClientEvents {
  /** Connected, trying, or waiting `retryInMs` before the next try. */
  state(state: ConnectionState, retryInMs?: number): void;
  /** The room as it is now; `messages` are new unless `recovered` is false: then there may be a gap. */
  joined(room: string, snapshot: Snapshot): void;
  /** Everything else that the server sends. A room's messages come in order, each once. */
  frame(frame: ServerFrame): void;
  /** The message is stored, or the server will never take it. */
  settled(message: Unsent, problem?: string): void;
  /** The server did not take the connection; the session may be over. */
  refused?(): void;
}

export interface ClientOptions {
  readonly connect: () => WebSocket;
  readonly events: ClientEvents;
  readonly storage?: OutboxStorage;
  /** Milliseconds of the first and the longest wait before a new try. */
  readonly backoff?: { readonly base: number; readonly cap: number };
}

/** A silent connection is asked after this many milliseconds, and given up after as many more. */
const SILENCE_MS = 20_000;
/** Milliseconds until a message is sent again that the server was too busy for. */
const BUSY_MS = 2000;

export class ChatClient {
  readonly outbox: Outbox;
  readonly #options: ClientOptions;
  /** Rooms to be in, and how far each was read. */
  readonly #rooms = new Map<string, Position | undefined>();
  readonly #joined = new Set<string>();
  readonly #requests = new Requests();
  #socket: WebSocket | undefined;
  #online = false;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.outbox = new Outbox(options.storage);
  }

  /** Connects, unless that is done: at the start, and as soon as the network is back. */
  connect(): void {
    if (this.#socket) return;
    this.#options.events.state("connecting");
    const socket = this.#options.connect();
    this.#socket = socket;
    this.#listen(SILENCE_MS);
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#received(JSON.parse(String(data)));
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  /** Ends the connection for good. */
  close(): void {
    const socket = this.#socket;
    this.#forget();
    clearTimeout(this.#timer);
    this.#rooms.clear();
    socket?.close();
  }

  /** Enters the room now, and again after each reconnect. */
  join(room: string): void {
    if (!this.#rooms.has(room)) this.#rooms.set(room, undefined);
    if (this.#online) this.#enter(room);
  }

  leave(room: string): void {
    this.#rooms.delete(room);
    this.#joined.delete(room);
    if (this.#online) this.#ask({ type: "leave", ref: 0, room });
  }

  /** Sends the message as soon as that is possible, and until the server has it. */
  say(room: string, text: string): Unsent {
    const message = this.outbox.add(room, text);
    this.#flush(room);
    return message;
  }

  /** Undefined once it is delivered, else what is wrong. Private messages are not kept for later. */
  async whisper(to: Person, text: string): Promise<string | undefined> {
    const reply = await this.#ask({ type: "private", ref: 0, to: to.id, text });
    if (!reply) return "You are offline.";
    return reply.type === "error" ? reply.message : undefined;
  }

  typing(room: string): void {
    if (this.#joined.has(room)) this.#send({ type: "typing", room });
  }

  #received(frame: ServerFrame): void {
    this.#listen(SILENCE_MS);
    if (frame.type === "welcome") this.#welcome();
    if (frame.type === "chat" && !this.#advance(frame)) return;
    this.#options.events.frame(frame);
    this.#requests.answer(frame);
  }

  #welcome(): void {
    this.#online = true;
    this.#attempts = 0;
    this.#options.events.state("online");
    for (const room of this.#rooms.keys()) this.#enter(room);
  }

  /** True if the message is the next one. One that is missing before it is asked for by joining again. */
  #advance({ room, epoch, offset }: Position & { readonly room: string }): boolean {
    const last = this.#rooms.get(room);
    if (!last || !this.#joined.has(room)) return false;
    if (last.epoch === epoch && offset <= last.offset) return false;
    if (last.epoch !== epoch || offset > last.offset + 1) {
      this.#enter(room);
      return false;
    }
    this.#rooms.set(room, { epoch, offset });
    return true;
  }

  async #enter(room: string): Promise<void> {
    this.#joined.delete(room);
    const after = this.#rooms.get(room);
    const reply = await this.#ask({ type: "join", ref: 0, room, ...(after ? { after } : {}) });
    if (!reply || !this.#rooms.has(room)) return;
    if (reply.type !== "ok" || !("members" in reply)) {
      setTimeout(() => this.#online && this.join(room), BUSY_MS);
      return;
    }
    const { epoch, offset, recovered, messages, members } = reply;
    this.#rooms.set(room, { epoch, offset });
    this.#joined.add(room);
    this.#options.events.joined(room, { epoch, offset, recovered, messages, members });
    this.#flush(room);
  }

  /** Sends the oldest message that waits for this room; the next one follows when it is stored. */
  async #flush(room: string): Promise<void> {
    const message = this.#joined.has(room) ? this.outbox.take(room) : undefined;
    if (!message) return;
    const { text, key } = message;
    const reply = await this.#ask({ type: "chat", ref: 0, room, text, key });
    this.outbox.release(message);
    const busy = reply?.type === "error" && /rate_limited|internal|not_in_room/.test(reply.code);
    if (busy) {
      if (reply.code === "not_in_room") this.join(room);
      else setTimeout(() => this.#flush(room), BUSY_MS);
    } else if (reply) {
      this.outbox.remove(message);
      this.#options.events.settled(message, reply.type === "error" ? reply.message : undefined);
      this.#flush(room);
    }
  }

  /** Sends a frame under a ref of its own. Resolves with the answer, or undefined if the connection ends. */
  #ask(frame: Extract<ClientFrame, { ref: unknown }>): Promise<Reply | undefined> {
    if (!this.#online) return Promise.resolve(undefined);
    const { ref, reply } = this.#requests.begin();
    this.#send({ ...frame, ref });
    return reply;
  }

  #send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** A page is not told when the network goes: silence is the only sign. */
  #listen(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#online) return this.#lost();
      this.#send({ type: "ping", ref: "alive" });
      this.#timer = setTimeout(() => this.#lost(), ms);
    }, ms);
  }

  #forget(): void {
    this.#socket = undefined;
    this.#online = false;
    this.#joined.clear();
    this.#requests.abandon();
  }

  /** Full jitter: anything between no wait and the longest, so that clients don't come back in step. */
  #lost(): void {
    const socket = this.#socket;
    const wasOnline = this.#online;
    this.#forget();
    socket?.close();
    const { base, cap } = this.#options.backoff ?? { base: 1000, cap: 30_000 };
    const wait = Math.random() * Math.min(cap, base * 2 ** this.#attempts++);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#options.events.state("offline", wait);
    if (!wasOnline) this.#options.events.refused?.();
  }
}
