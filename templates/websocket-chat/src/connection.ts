// The life of one socket: welcome, frames in order, answers, and goodbye.
import type { ServerWebSocket } from "bun";
import { changes } from "./changes.ts";
import { FrameError, parseFrame } from "./frames.ts";
import type { Hub } from "./hub.ts";
import { LIMITS } from "./limits.ts";
import {
  type ClientFrame,
  type Person,
  type Position,
  PROTOCOL,
  type Ref,
  type ServerFrame,
  type Snapshot,
} from "./protocol.ts";
import { personTopic, roomTopic } from "./store/store.ts";

type Frame<T extends ClientFrame["type"]> = Extract<ClientFrame, { type: T }>;

export class Connection {
  readonly #hub: Hub;
  readonly #rooms = new Set<string>();
  readonly #typedAt = new Map<string, number>();
  #socket: ServerWebSocket<Connection> | undefined;
  /** A join or leave under way: what the client sent after it has to find it done. */
  #move: Promise<void> | undefined;
  /** Settles when the reader has taken what waits for it. */
  #drain: PromiseWithResolvers<void> | undefined;

  constructor(
    hub: Hub,
    readonly person: Person,
  ) {
    this.#hub = hub;
  }

  opened(socket: ServerWebSocket<Connection>): void {
    this.#socket = socket;
    this.#hub.connected(this);
    socket.subscribe(personTopic(this.person.id));
    this.#send({ type: "welcome", you: this.person, protocol: PROTOCOL });
  }

  /** Answers one frame. Never rejects: what goes wrong is an `error` to the client. */
  async received(data: string | Uint8Array): Promise<void> {
    let ref: Ref | undefined;
    try {
      this.#hub.spend(this.person, "frame");
      const frame = parseFrame(data);
      if ("ref" in frame) ref = frame.ref;
      while (this.#move) await this.#move;
      // Who left meanwhile would stay in the room for ever.
      if (!this.#socket) return;
      await this.#handle(frame);
    } catch (error) {
      this.#refuse(error, ref);
    }
  }

  /** What waited for the reader has been taken. */
  drained(): void {
    this.#drain?.resolve();
    this.#drain = undefined;
  }

  closed(): void {
    this.#socket = undefined;
    this.drained();
    for (const room of this.#rooms) this.#depart(room).catch(this.#hub.report);
    this.#rooms.clear();
    this.#hub.disconnected(this);
  }

  /** Closes the socket with a code of RFC 6455, section 7.4. */
  end(code: number, reason: string): void {
    this.#socket?.close(code, reason);
  }

  #handle(frame: ClientFrame): Promise<void> | void {
    switch (frame.type) {
      case "join":
        return this.#inTurn(this.#join(frame));
      case "leave":
        return this.#inTurn(this.#leave(frame));
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

  #inTurn(move: Promise<void>): Promise<void> {
    const done = () => {
      this.#move = undefined;
    };
    this.#move = move.then(done, done);
    return move;
  }

  async #join({ ref, room, after }: Frame<"join">): Promise<void> {
    if (!this.#rooms.has(room)) this.#arrive(room);
    // Who joins again starts again: the snapshot has what would be delivered meanwhile.
    this.#socket?.unsubscribe(roomTopic(room));
    const snapshot = await this.#enter(room, after);
    this.#send({ type: "ok", ref, room, ...snapshot });
    if (this.#isBehind) await this.#catchUp(room, snapshot);
    // Nothing is delivered between the last snapshot and here, so the subscription continues it exactly.
    this.#socket?.subscribe(roomTopic(room));
  }

  /** A replay may be long and its reader slow: it is fed from history until it can follow live. */
  async #catchUp(room: string, snapshot: Snapshot): Promise<void> {
    let known = snapshot;
    while (this.#isBehind) {
      await this.#drained();
      if (!this.#socket) return;
      const now = await this.#hub.store.enter(room, this.person, known);
      if (!now.recovered) return this.end(1013, "Too slow for this room: connect again.");
      for (const frame of changes(room, known, now)) {
        if (this.#isBehind) await this.#drained();
        this.#send(frame);
      }
      known = now;
    }
  }

  /** So much waits for the reader that it could not take much more. */
  get #isBehind(): boolean {
    return (this.#socket?.getBufferedAmount() ?? 0) > LIMITS.sendBufferBytes / 2;
  }

  /** Resolves when the reader has taken some of what waited, or is gone: one that takes nothing is cut off. */
  async #drained(): Promise<void> {
    this.#drain ??= Promise.withResolvers();
    const timer = setTimeout(() => this.#socket?.terminate(), this.#hub.patienceMs);
    await this.#drain.promise;
    clearTimeout(timer);
  }

  #arrive(room: string): void {
    if (this.#rooms.size >= LIMITS.roomsPerConnection) {
      const most = LIMITS.roomsPerConnection;
      throw new FrameError("rate_limited", `You are in ${most} rooms: leave one first.`);
    }
    this.#rooms.add(room);
    this.#hub.presence.arrive(room, this.person.id);
  }

  async #enter(room: string, after: Position | undefined) {
    try {
      return await this.#hub.store.enter(room, this.person, after);
    } catch (error) {
      if (this.#rooms.delete(room)) await this.#depart(room);
      throw error;
    }
  }

  async #leave({ ref, room }: Frame<"leave">): Promise<void> {
    this.#mustBeIn(room);
    this.#rooms.delete(room);
    this.#socket?.unsubscribe(roomTopic(room));
    await this.#depart(room);
    this.#send({ type: "ok", ref, room });
  }

  async #depart(room: string): Promise<void> {
    this.#typedAt.delete(room);
    if (this.#hub.presence.depart(room, this.person.id)) {
      await this.#hub.store.leave(room, this.person);
    }
  }

  async #chat({ ref, room, text, key }: Frame<"chat">): Promise<void> {
    this.#mustBeIn(room);
    this.#hub.spend(this.person, "message");
    const at = new Date().toISOString();
    const stored = await this.#hub.store.append({ room, from: this.person, text, at, key });
    this.#send({ type: "ok", ref, ...stored });
  }

  async #private({ ref, to, text }: Frame<"private">): Promise<void> {
    this.#hub.spend(this.person, "message");
    const receiver = await this.#hub.store.find(to);
    if (!receiver) throw new FrameError("not_online", "Nobody of that id or name is online.");
    const at = new Date().toISOString();
    const frame: ServerFrame = { type: "private", from: this.person, text, at };
    const topic = personTopic(receiver.id);
    await this.#hub.store.send({ topic, frame: JSON.stringify(frame) });
    this.#send({ type: "ok", ref });
  }

  #typing({ room }: Frame<"typing">): void {
    this.#mustBeIn(room);
    const now = performance.now();
    if (now - (this.#typedAt.get(room) ?? Number.NEGATIVE_INFINITY) < LIMITS.typingMs) return;
    this.#typedAt.set(room, now);
    const event: ServerFrame = { type: "typing", room, from: this.person };
    const delivery = { topic: roomTopic(room), frame: JSON.stringify(event) };
    // A socket's own publish leaves the sender out.
    this.#socket?.publish(delivery.topic, delivery.frame);
    this.#hub.store.hint(delivery);
  }

  #mustBeIn(room: string): void {
    if (!this.#rooms.has(room)) throw new FrameError("not_in_room", `You are not in ${room}.`);
  }

  #refuse(error: unknown, ref: Ref | undefined): void {
    const known = error instanceof FrameError;
    if (!known) this.#hub.report(error);
    const code = known ? error.code : "internal";
    const message = known ? error.message : "The server failed; send it again.";
    const about = ref ?? (known ? error.ref : undefined);
    this.#send({ type: "error", ...(about === undefined ? {} : { ref: about }), code, message });
  }

  #send(frame: ServerFrame): void {
    // Corked, it leaves in one write with what was just published. A full send buffer closes the
    // socket (`closeOnBackpressureLimit`): nothing is skipped in silence.
    this.#socket?.cork((socket) => socket.send(JSON.stringify(frame)));
  }
}
