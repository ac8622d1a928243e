// The client of the protocol: resumes each room at its last event, and resends what has no reply.
import {
  CLOSE,
  type EventKind,
  type FrameOf,
  isEvent,
  type Position,
  PROTOCOL,
  type RoomEvent,
  type ServerFrame,
  type Snapshot,
  type User,
} from "../protocol.ts";
import { type Backoff, Connection } from "./connection.ts";

/** An event without what the client adds to it. */
export type NewEvent = { [K in EventKind]: Omit<FrameOf<K>, "ref" | "key"> }[EventKind];
/** An event that the server has not acknowledged. Its idempotency key makes it safe to send it again. */
export type Unsent = NewEvent & {
  readonly key: string;
  /** When it was posted, in milliseconds since the epoch. */
  readonly postedAt: number;
  /** The epoch of the room when it was posted: a target is an offset in it. Undefined before the first join. */
  readonly epoch?: string | undefined;
};

/** A room to stay in. Leaving and joining it again makes a new one, so that the replies to earlier joins are ignored. */
interface Room {
  /** Position of the last event that was received. */
  position?: Position;
  isJoined: boolean;
  /** Whether an event is in flight: only one at a time, so that the events of a room stay in order. */
  isSending: boolean;
}

/** Keeps the outbox across page loads, e.g. the tab's `sessionStorage`. */
export interface OutboxStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

export type ConnectionState = "connecting" | "online" | "offline";

/** Why the client has stopped: it belongs to one user, and to one version of the protocol. */
export type EndReason = "signed out" | "session expired" | "another user" | "another protocol";

export interface ClientEvents {
  /** `offline`: the next attempt to connect starts in `retryInMs`. */
  state(state: ConnectionState, retryInMs?: number): void;
  /** The current state of the room. `isFirst`: the client had not joined it before. */
  joined(room: string, snapshot: Snapshot, isFirst: boolean): void;
  /** The server refused the join. Another call of `join` tries again. */
  refused(room: string, problem: string): void;
  /** Every frame, replies included. Events that a join has returned are not repeated; later ones come in order, each once. */
  frame(frame: ServerFrame): void;
  /** The event is stored, or was dropped because of `problem`. */
  settled(event: Unsent, problem?: string): void;
  /** A connection attempt failed: the server is unreachable, or the session has expired. */
  unreachable?(): void;
  /** The client has closed its connection, and does not reconnect. */
  ended?(reason: EndReason): void;
}

export interface ClientOptions {
  /** The client stops if `welcome` names another user. */
  readonly user: User;
  readonly connect: () => WebSocket;
  readonly events: ClientEvents;
  readonly storage?: OutboxStorage;
  readonly backoff?: Backoff;
}

/** Drop an event after this many milliseconds: the server forgets keys, so it could then store the event a second time. */
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

export class ChatClient {
  readonly #options: ClientOptions;
  readonly #rooms = new Map<string, Room>();
  /** The events that the server has not acknowledged, in the order in which they were posted. */
  #outbox: readonly Unsent[];
  /** Where the outbox is stored. It belongs to a user: another one in the same tab must not send it. */
  readonly #outboxName: string;
  readonly #connection: Connection;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#outboxName = `chat-outbox:${options.user.id}`;
    this.#outbox = JSON.parse(options.storage?.getItem(this.#outboxName) ?? "[]");
    this.#connection = new Connection({
      connect: options.connect,
      backoff: options.backoff,
      connecting: () => options.events.state("connecting"),
      offline: (retryInMs, isUnreachable) => {
        for (const room of this.#rooms.values()) room.isJoined = false;
        options.events.state("offline", retryInMs);
        if (isUnreachable) options.events.unreachable?.();
      },
      frame: (frame) => this.#receive(frame),
      closed: (code) => {
        if (code === CLOSE.signedOut) this.#end("signed out");
        else if (code === CLOSE.sessionExpired) this.#end("session expired");
      },
    });
  }

  /** The events that the server has not acknowledged. */
  get unsent(): readonly Unsent[] {
    return this.#outbox;
  }

  /**
   * Connects unless there is a connection, and checks one that is open. Call it at the start, and when the
   * network or the page is available again: a connection may have died unnoticed. Does nothing after `close`.
   */
  connect(): void {
    this.#connection.connect();
  }

  /** Closes the connection permanently: this client does not connect again. */
  close(): void {
    this.#rooms.clear();
    this.#connection.close();
  }

  /** Joins the room now, and again after each reconnect. Does nothing if the room is already joined, or being joined. */
  join(room: string): void {
    if (this.#rooms.has(room)) return;
    this.#rooms.set(room, { isJoined: false, isSending: false });
    if (this.#connection.isOnline) void this.#join(room);
  }

  /** Leaves the room, and drops what was not sent to it. @returns what was dropped. */
  leave(room: string): readonly Unsent[] {
    this.#rooms.delete(room);
    // Repeated after a temporary error, unless the room was joined again.
    const isLeft = () => !this.#rooms.has(room);
    void this.#connection.requestWhile(isLeft, { type: "leave", room });
    return this.#drop(room);
  }

  /** Sends the event, now or when there is a connection, and resends it until there is a reply. */
  post(event: NewEvent): Unsent {
    const epoch = this.#rooms.get(event.room)?.position?.epoch;
    const unsent = { ...event, key: randomKey(), postedAt: Date.now(), epoch };
    this.#setOutbox([...this.#outbox, unsent]);
    void this.#flush(event.room);
    return unsent;
  }
  // #region private

  /** Private messages are not queued. @returns undefined once the server has accepted it, otherwise the problem. */
  async sendPrivate(to: User, text: string): Promise<string | undefined> {
    if (!this.#connection.isOnline) return "You are offline.";
    const reply = await this.#connection.request({ type: "private", to: { id: to.id }, text });
    if (!reply) return "The connection was lost: this may not have arrived.";
    return reply.type === "error" ? reply.message : undefined;
  }
  // #endregion
  // #region typing

  typing(room: string): void {
    if (this.#rooms.get(room)?.isJoined) this.#connection.send({ type: "typing", room });
  }
  // #endregion

  #receive(frame: ServerFrame): void {
    if (frame.type === "welcome") {
      const reason = reasonToEnd(frame, this.#options.user);
      if (reason) {
        this.#end(reason);
        return;
      }
      this.#options.events.state("online");
      for (const room of this.#rooms.keys()) void this.#join(room);
    }
    if (isEvent(frame) && !this.#advance(frame)) return;
    this.#options.events.frame(frame);
    if (isEvent(frame)) this.#settleStored(frame);
  }

  /** @returns whether the event is the next one of its room. After a gap, rejoins to get what is missing. */
  #advance({ room: name, epoch, offset }: RoomEvent): boolean {
    const room = this.#rooms.get(name);
    const last = room?.position;
    if (!last || !room.isJoined) return false;
    if (last.epoch === epoch && offset <= last.offset) return false;
    if (last.epoch !== epoch || offset > last.offset + 1) {
      void this.#join(name);
      return false;
    }
    room.position = { epoch, offset };
    return true;
  }

  async #join(name: string): Promise<void> {
    const room = this.#rooms.get(name);
    if (!room) return;
    room.isJoined = false;
    const after = room.position;
    const join = { type: "join", room: name, ...(after ? { after } : {}) } as const;
    const isWanted = () => this.#rooms.get(name) === room && !room.isJoined;
    const reply = await this.#connection.requestWhile(isWanted, join);
    if (!reply || this.#rooms.get(name) !== room) return;
    if (reply.type === "error") return this.#refused(name, reply.message);
    if (reply.type !== "ok" || !("members" in reply)) return;
    const { epoch, offset } = reply;
    room.position = { epoch, offset };
    room.isJoined = true;
    this.#options.events.joined(name, reply, after === undefined);
    for (const message of reply.messages) this.#settleStored(message);
    void this.#flush(name);
  }

  #refused(room: string, problem: string): void {
    this.#rooms.delete(room);
    this.#options.events.refused(room, problem);
    for (const event of this.#drop(room)) this.#options.events.settled(event, problem);
  }

  /** Sends the oldest event that is queued for this room; the next one follows when it is stored or refused. */
  async #flush(name: string): Promise<void> {
    const room = this.#rooms.get(name);
    if (!room?.isJoined || room.isSending) return;
    const event = this.#outbox.find((unsent) => unsent.room === name);
    if (!event) return;
    const problem = whyUnsafe(event, room.position?.epoch);
    if (problem) {
      this.#settle(event, problem);
      return this.#flush(name);
    }
    const { postedAt, epoch, ...frame } = event;
    room.isSending = true;
    // An event that becomes too old between two attempts is settled by the next `#flush`.
    const isWanted = () => this.#outbox.includes(event) && !isTooOld(event);
    const reply = await this.#connection.requestWhile(isWanted, frame);
    room.isSending = false;
    if (this.#rooms.get(name) !== room) return;
    if (reply?.type === "error" && reply.code === "not_in_room") return this.#join(name);
    if (reply) this.#settle(event, reply.type === "error" ? reply.message : undefined);
    void this.#flush(name);
  }

  /** Settles the event of the outbox that has this key, if any: it is stored, even if its `ok` was lost. */
  #settleStored({ key }: { readonly key: string }): void {
    const event = this.#outbox.find((unsent) => unsent.key === key);
    if (event) this.#settle(event);
  }

  /** Removes the event from the outbox. Does nothing if that has happened before. */
  #settle(event: Unsent, problem?: string): void {
    if (!this.#outbox.includes(event)) return;
    this.#setOutbox(this.#outbox.filter((unsent) => unsent !== event));
    this.#options.events.settled(event, problem);
  }

  /** Removes the events of a room from the outbox. @returns them. */
  #drop(room: string): readonly Unsent[] {
    const dropped = this.#outbox.filter((unsent) => unsent.room === room);
    this.#setOutbox(this.#outbox.filter((unsent) => unsent.room !== room));
    return dropped;
  }

  #setOutbox(outbox: readonly Unsent[]): void {
    this.#outbox = outbox;
    try {
      this.#options.storage?.setItem(this.#outboxName, JSON.stringify(outbox));
    } catch {
      // The storage is full. The events are still sent, unless the page is closed first.
    }
  }

  #end(reason: EndReason): void {
    this.close();
    this.#options.events.state("offline");
    this.#options.events.ended?.(reason);
  }
}

/** @returns why a client of this user must not use the connection. */
function reasonToEnd(
  { protocol, you }: Extract<ServerFrame, { type: "welcome" }>,
  user: User,
): EndReason | undefined {
  if (protocol !== PROTOCOL) return "another protocol";
  return you.id === user.id ? undefined : "another user";
}

/** @returns why the event must not be sent to its room, which has this epoch now; undefined if it can be sent. */
function whyUnsafe(event: Unsent, epoch: string | undefined): string | undefined {
  if (isTooOld(event)) {
    return "This has waited for 24 hours and was dropped: if it is not in the room, send it again.";
  }
  if (!("target" in event) || [undefined, epoch].includes(event.epoch)) return undefined;
  return "The server has lost data. This change was dropped, because it could be about another message now.";
}

function isTooOld({ postedAt }: Unsent): boolean {
  return Date.now() - postedAt > MAX_AGE_MS;
}

/** Not `randomUUID`: browsers have it only on HTTPS and localhost. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
