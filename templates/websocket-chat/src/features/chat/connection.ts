// One WebSocket connection: welcomes the user, handles its frames in order and replies to them.
import type { ServerWebSocket } from "bun";
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import { LIMITS } from "../../limits.ts";
import {
  type ClientFrame,
  type Position,
  PROTOCOL,
  type Ref,
  type ServerFrame,
  type Snapshot,
  type User,
} from "../../protocol.ts";
import { diffSnapshots } from "./diff-snapshots.ts";
import type { Hub } from "./hub.ts";
import { FrameError, parseFrame } from "./parse-frame.ts";
import { logPresenceError } from "./presence.ts";
import { roomTopic, userTopic } from "./store/store.ts";

type Frame<T extends ClientFrame["type"]> = Extract<ClientFrame, { type: T }>;

export class Connection {
  readonly #hub: Hub;
  readonly #rooms = new Set<string>();
  readonly #typedAt = new Map<string, number>();
  #socket: ServerWebSocket<Connection> | undefined;
  /** The join or leave in progress: frames that the client sends after it have to wait for it. */
  #pendingJoin: Promise<void> | undefined;
  /** Resolves when the client has read some of what is queued for it. */
  #drain: PromiseWithResolvers<void> | undefined;

  constructor(
    hub: Hub,
    readonly user: User,
  ) {
    this.#hub = hub;
  }

  opened(socket: ServerWebSocket<Connection>): void {
    this.#socket = socket;
    this.#hub.connect(this);
    socket.subscribe(userTopic(this.user.id));
    this.#send({ type: "welcome", you: this.user, protocol: PROTOCOL });
  }

  /** Handles one frame. Never rejects: a failure is an `error` frame for the client. */
  async received(data: string | Uint8Array): Promise<void> {
    let ref: Ref | undefined;
    try {
      const frame = readFrame(data);
      if ("ref" in frame) ref = frame.ref;
      // After the ref is known: an error without it would leave the client waiting for its reply.
      this.#hub.checkRateLimit(this.user, "frame");
      if (frame instanceof FrameError) throw frame;
      while (this.#pendingJoin) await this.#pendingJoin;
      // A join after the connection has closed would keep the user in the room forever.
      if (!this.#socket) return;
      await this.#handle(frame);
    } catch (error) {
      this.#sendError(error, ref);
    }
  }

  drained(): void {
    this.#drain?.resolve();
    this.#drain = undefined;
  }

  closed(): void {
    this.#socket = undefined;
    this.drained();
    for (const room of this.#rooms) this.#removeFrom(room).catch(logPresenceError);
    this.#rooms.clear();
    this.#hub.disconnect(this);
  }

  /** @param code see RFC 6455, section 7.4. */
  close(code: number, reason: string): void {
    this.#socket?.close(code, reason);
  }

  #handle(frame: ClientFrame): Promise<void> | void {
    switch (frame.type) {
      case "join":
        return this.#serialize(this.#join(frame));
      case "leave":
        return this.#serialize(this.#leave(frame));
      case "chat":
        return this.#chat(frame);
      case "private":
        return this.#private(frame);
      case "typing":
        return this.#typing(frame);
      case "ping":
        return this.#send({ type: "pong", ref: frame.ref });
    }
  }

  #serialize(join: Promise<void>): Promise<void> {
    const done = () => {
      this.#pendingJoin = undefined;
    };
    this.#pendingJoin = join.then(done, done);
    return join;
  }

  async #join({ ref, room, after }: Frame<"join">): Promise<void> {
    if (!this.#rooms.has(room)) this.#addTo(room);
    // A rejoin unsubscribes first; otherwise messages in the snapshot would be delivered twice.
    this.#socket?.unsubscribe(roomTopic(room));
    const snapshot = await this.#joinStore(room, after);
    this.#send({ type: "ok", ref, room, ...snapshot });
    if (this.#isBehind) await this.#catchUp(room, snapshot);
    // Nothing is delivered between the last snapshot and this line, so that no message is missed or repeated.
    this.#socket?.subscribe(roomTopic(room));
  }

  /** Sends stored messages to a slow consumer, waiting until it has read, until it can follow new messages. */
  async #catchUp(room: string, snapshot: Snapshot): Promise<void> {
    let known = snapshot;
    while (this.#isBehind) {
      await this.#waitForDrain();
      if (!this.#socket) return;
      const now = await this.#hub.store.join(room, this.user, known);
      if (!now.recovered) return this.close(1013, "Too slow for this room: connect again.");
      for (const frame of diffSnapshots(room, known, now)) {
        if (this.#isBehind) await this.#waitForDrain();
        this.#send(frame);
      }
      known = now;
    }
  }

  /** Whether the send buffer is more than half full. */
  get #isBehind(): boolean {
    return (this.#socket?.getBufferedAmount() ?? 0) > LIMITS.sendBufferBytes / 2;
  }

  /** Resolves when the client has read something or is gone; one that reads nothing is disconnected. */
  async #waitForDrain(): Promise<void> {
    this.#drain ??= Promise.withResolvers();
    const timer = setTimeout(() => this.#socket?.terminate(), this.#hub.replayTimeoutMs);
    await this.#drain.promise;
    clearTimeout(timer);
  }

  async #joinStore(room: string, after: Position | undefined): Promise<Snapshot> {
    try {
      return await this.#hub.store.join(room, this.user, after);
    } catch (error) {
      // The error frame says that the client is not in the room, so the room must not list the user either.
      if (this.#rooms.delete(room)) this.#removeFrom(room).catch(logPresenceError);
      throw error;
    }
  }

  async #leave({ ref, room }: Frame<"leave">): Promise<void> {
    this.#requireMembership(room);
    this.#rooms.delete(room);
    this.#socket?.unsubscribe(roomTopic(room));
    await this.#removeFrom(room);
    this.#send({ type: "ok", ref, room });
  }

  #addTo(room: string): void {
    if (this.#rooms.size >= LIMITS.roomsPerConnection) {
      const detail = `You are in ${LIMITS.roomsPerConnection} rooms: leave one first.`;
      throw new FrameError("rate_limited", detail);
    }
    this.#rooms.add(room);
    this.#hub.presence.join(room, this.user.id);
  }

  async #removeFrom(room: string): Promise<void> {
    this.#typedAt.delete(room);
    if (this.#hub.presence.leave(room, this.user.id)) {
      await this.#hub.store.leave(room, this.user);
    }
  }

  async #chat({ ref, room, text, key }: Frame<"chat">): Promise<void> {
    this.#requireMembership(room);
    this.#hub.checkRateLimit(this.user, "message");
    const at = new Date().toISOString();
    const stored = await this.#hub.store.append({ room, from: this.user, text, at, key });
    this.#hub.messagesTotal.inc();
    this.#send({ type: "ok", ref, ...stored });
  }

  async #private({ ref, to, text }: Frame<"private">): Promise<void> {
    this.#hub.checkRateLimit(this.user, "message");
    const receiver = await this.#hub.store.findUser(to);
    if (!receiver) throw new FrameError("not_online", "No user with this id or name is online.");
    const at = new Date().toISOString();
    const frame: ServerFrame = { type: "private", from: this.user, text, at };
    const topic = userTopic(receiver.id);
    await this.#hub.store.publish({ topic, frame: JSON.stringify(frame) });
    this.#send({ type: "ok", ref });
  }

  #typing({ room }: Frame<"typing">): void {
    this.#requireMembership(room);
    const now = performance.now();
    if (now - (this.#typedAt.get(room) ?? Number.NEGATIVE_INFINITY) < LIMITS.typingMs) return;
    this.#typedAt.set(room, now);
    const frame: ServerFrame = { type: "typing", room, from: this.user };
    const delivery = { topic: roomTopic(room), frame: JSON.stringify(frame) };
    // The publish of a socket, unlike that of the server, leaves out the sender.
    this.#socket?.publish(delivery.topic, delivery.frame);
    this.#hub.store.publishEphemeral(delivery);
  }

  #requireMembership(room: string): void {
    if (!this.#rooms.has(room)) throw new FrameError("not_in_room", `You are not in ${room}.`);
  }

  #sendError(error: unknown, ref: Ref | undefined): void {
    this.#send({ type: "error", ...toErrorFields(error, ref) });
  }

  #send(frame: ServerFrame): void {
    // Corked: it leaves in one write with what was just published. If the send buffer is full, the
    // socket closes (`closeOnBackpressureLimit`), so that no frame is silently skipped.
    this.#socket?.cork((socket) => socket.send(JSON.stringify(frame)));
  }
}

/** Parses a frame; a refusal is returned, because it counts for the rate limit as well. */
function readFrame(data: string | Uint8Array): ClientFrame | FrameError {
  try {
    return parseFrame(data);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
}

/** A `FrameError` is sent as it is. Any other error is logged, and sent as `internal`. */
function toErrorFields(error: unknown, ref: Ref | undefined) {
  if (error instanceof FrameError) {
    return { ...withRef(ref ?? error.ref), code: error.code, message: error.message };
  }
  if (error instanceof Problem) log.warn("a frame was not handled: {error}", { error });
  else log.error("{error}", { error });
  const message = "The server could not handle this frame: send it again.";
  return { ...withRef(ref), code: "internal", message } as const;
}

function withRef(ref: Ref | undefined): { readonly ref?: Ref } {
  return ref === undefined ? {} : { ref };
}
