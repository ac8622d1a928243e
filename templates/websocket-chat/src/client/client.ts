// The client of the protocol: reconnects, resumes each room at its last message, and resends what has no reply.
import type { ClientFrame, Position, ServerFrame, Snapshot, User } from "../protocol.ts";
import { Outbox, type OutboxStorage, type Unsent } from "./outbox.ts";
import { type Reply, Requests } from "./requests.ts";

export type ConnectionState = "connecting" | "online" | "offline";

export interface ClientEvents {
  /** `offline`: the next attempt to connect starts in `retryInMs`. */
  state(state: ConnectionState, retryInMs?: number): void;
  /** The current state of the room. If `recovered` is false, there may be a gap before `messages`. */
  joined(room: string, snapshot: Snapshot): void;
  /** Every other frame. The messages of a room come in order, each of them once. */
  frame(frame: ServerFrame): void;
  /** The message is stored, or was refused because of `problem`. */
  settled(message: Unsent, problem?: string): void;
  /** The server refused the connection; the session may have expired. */
  refused?(): void;
}

export interface ClientOptions {
  readonly connect: () => WebSocket;
  readonly events: ClientEvents;
  readonly storage?: OutboxStorage;
  /** Milliseconds of the first and of the longest delay before a reconnect. */
  readonly backoff?: { readonly base: number; readonly cap: number };
}

/** Send a ping after this many milliseconds of silence, and give up the connection after as many again. */
const HEARTBEAT_TIMEOUT_MS = 20_000;
/** Milliseconds until a frame is sent again after a temporary error. */
const RETRY_MS = 2000;

export class ChatClient {
  readonly outbox: Outbox;
  readonly #options: ClientOptions;
  /** The rooms to stay in, with the position of the last message that was received. */
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

  /** Connects unless there is a connection. Call it at the start, and when the network is available again. */
  connect(): void {
    if (this.#socket) return;
    this.#options.events.state("connecting");
    const socket = this.#options.connect();
    this.#socket = socket;
    this.#watch(HEARTBEAT_TIMEOUT_MS);
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(JSON.parse(String(data)));
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#reconnect();
    };
  }

  /** Closes the connection and does not reconnect. */
  close(): void {
    const socket = this.#socket;
    this.#reset();
    clearTimeout(this.#timer);
    this.#rooms.clear();
    socket?.close();
  }

  /** Joins the room now, and again after each reconnect. */
  join(room: string): void {
    if (!this.#rooms.has(room)) this.#rooms.set(room, undefined);
    if (this.#online) this.#join(room);
  }

  leave(room: string): void {
    this.#rooms.delete(room);
    this.#joined.delete(room);
    if (this.#online) this.#request({ type: "leave", ref: 0, room });
  }

  /** Sends the message, now or when there is a connection, and resends it until there is a reply. */
  sendChat(room: string, text: string): Unsent {
    const message = this.outbox.add(room, text);
    this.#flush(room);
    return message;
  }

  /** Private messages are not queued. @returns undefined once it is delivered, otherwise the problem. */
  async sendPrivate(to: User, text: string): Promise<string | undefined> {
    const reply = await this.#request({ type: "private", ref: 0, to: to.id, text });
    if (!reply) return "You are offline.";
    return reply.type === "error" ? reply.message : undefined;
  }

  typing(room: string): void {
    if (this.#joined.has(room)) this.#send({ type: "typing", room });
  }

  #receive(frame: ServerFrame): void {
    this.#watch(HEARTBEAT_TIMEOUT_MS);
    if (frame.type === "welcome") this.#welcome();
    if (frame.type === "chat" && !this.#advance(frame)) return;
    this.#options.events.frame(frame);
    this.#requests.resolve(frame);
  }

  #welcome(): void {
    this.#online = true;
    this.#attempts = 0;
    this.#options.events.state("online");
    for (const room of this.#rooms.keys()) this.#join(room);
  }

  /** @returns whether the message is the next one of its room. After a gap, rejoins to get what is missing. */
  #advance({ room, epoch, offset }: Position & { readonly room: string }): boolean {
    const last = this.#rooms.get(room);
    if (!last || !this.#joined.has(room)) return false;
    if (last.epoch === epoch && offset <= last.offset) return false;
    if (last.epoch !== epoch || offset > last.offset + 1) {
      this.#join(room);
      return false;
    }
    this.#rooms.set(room, { epoch, offset });
    return true;
  }

  async #join(room: string): Promise<void> {
    this.#joined.delete(room);
    const after = this.#rooms.get(room);
    const reply = await this.#request({ type: "join", ref: 0, room, ...(after ? { after } : {}) });
    if (!reply || !this.#rooms.has(room)) return;
    if (reply.type !== "ok" || !("members" in reply)) {
      setTimeout(() => this.#online && this.join(room), RETRY_MS);
      return;
    }
    const { epoch, offset, recovered, messages, members } = reply;
    this.#rooms.set(room, { epoch, offset });
    this.#joined.add(room);
    this.#options.events.joined(room, { epoch, offset, recovered, messages, members });
    this.#flush(room);
  }

  /** Sends the oldest message that is queued for this room; the next one follows when it is stored. */
  async #flush(room: string): Promise<void> {
    const message = this.#joined.has(room) ? this.outbox.take(room) : undefined;
    if (!message) return;
    const { text, key } = message;
    const reply = await this.#request({ type: "chat", ref: 0, room, text, key });
    this.outbox.release(message);
    const isTemporary =
      reply?.type === "error" && /rate_limited|internal|not_in_room/.test(reply.code);
    if (isTemporary) {
      if (reply.code === "not_in_room") this.join(room);
      else setTimeout(() => this.#flush(room), RETRY_MS);
    } else if (reply) {
      this.outbox.remove(message);
      this.#options.events.settled(message, reply.type === "error" ? reply.message : undefined);
      this.#flush(room);
    }
  }

  /** Sends a frame with a new ref. @returns the reply; undefined if the connection closes first. */
  #request(frame: Extract<ClientFrame, { ref: unknown }>): Promise<Reply | undefined> {
    if (!this.#online) return Promise.resolve(undefined);
    const { ref, reply } = this.#requests.begin();
    this.#send({ ...frame, ref });
    return reply;
  }

  #send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** A lost network does not close the socket: silence is the only sign. */
  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#online) return this.#reconnect();
      this.#send({ type: "ping", ref: "alive" });
      this.#timer = setTimeout(() => this.#reconnect(), ms);
    }, ms);
  }

  #reset(): void {
    this.#socket = undefined;
    this.#online = false;
    this.#joined.clear();
    this.#requests.abandon();
  }

  /** Reconnects with full jitter: after an outage, clients must not reconnect all at the same moment. */
  #reconnect(): void {
    const socket = this.#socket;
    const wasOnline = this.#online;
    this.#reset();
    socket?.close();
    const { base, cap } = this.#options.backoff ?? { base: 1000, cap: 30_000 };
    const wait = Math.random() * Math.min(cap, base * 2 ** this.#attempts++);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#options.events.state("offline", wait);
    if (!wasOnline) this.#options.events.refused?.();
  }
}
