// State that all connections of a node share: fan-out, rate limits, closing slow consumers and ended sessions.
import { log } from "#lib/log";
import type { Counter } from "#lib/metrics";
import { RateLimiter } from "#lib/rate-limit";
import type { Service } from "#lib/service";
import type { Env } from "../../env.ts";
import { FrameError } from "../../frame-error.ts";
import { LIMITS } from "../../limits.ts";
import { CLOSE, type User } from "../../protocol.ts";
import type { Session } from "../session/cookie.ts";
import type { Connection } from "./connection.ts";
import { Recording } from "./join.ts";

/** An encoded frame for every connection that is subscribed to `topic`. */
export interface Delivery {
  readonly topic: string;
  readonly frame: string;
  /** The offset, if the frame is an event of a room's log. */
  readonly offset?: number;
}

/** An instruction to every node. */
export type Signal =
  | { readonly type: "end-session"; readonly session: string }
  | { readonly type: "rename"; readonly session: Session };

/** What the stores deliver to: the hub of this node. No method throws. */
export interface Listener {
  /** Called in the order of the store; within a room that is the order of the offsets. */
  deliver(delivery: Delivery): void;
  signal(signal: Signal): void;
  /** Called when deliveries are missing: every client must reconnect and recover from its last position. */
  onDataLoss(): void;
}

/** Topic of all members of a room. */
export const roomTopic = (room: string): string => `room:${room}`;
/** Topic of all connections of a user. */
export const userTopic = (id: string): string => `user:${id}`;

const WINDOW_MS = 10_000;
/** The limit on frames of any kind is this many times the limit on messages. */
const FRAMES_PER_MESSAGE = 10;
/** Look for slow consumers after this many published characters, which bounds the growth of queues between checks. */
const CHECK_EVERY = LIMITS.sendBufferBytes / 4;
/** Ended and renamed sessions to remember, because a handshake may have read an older cookie. */
const REMEMBERED_SESSIONS = 10_000;

export class Hub implements Listener {
  readonly messagesTotal: Counter;
  /** Disconnect a client that reads nothing during a replay for this many milliseconds. */
  readonly replayTimeoutMs: number;
  readonly #service: Service;
  readonly #messages: RateLimiter;
  readonly #frames: RateLimiter;
  readonly #connections = new Set<Connection>();
  /** Connections per user. */
  readonly #users = new Map<string, Set<Connection>>();
  readonly #recordings = new Set<Recording>();
  readonly #ended = new Set<string>();
  /** Sessions with a new name, by id. */
  readonly #renamed = new Map<string, Session>();
  readonly #deliveries: Counter;
  readonly #slowConsumers: Counter;
  #unchecked = 0;

  constructor({ IDLE_TIMEOUT_S, MAX_CONNECTIONS, RATE_LIMIT }: Env, service: Service) {
    this.replayTimeoutMs = IDLE_TIMEOUT_S * 1000;
    // Remembers every connected user, because a user whom it forgets gets a full burst again.
    const limits = { windowMs: WINDOW_MS, minClients: MAX_CONNECTIONS };
    this.#messages = new RateLimiter({ ...limits, limit: RATE_LIMIT });
    this.#frames = new RateLimiter({ ...limits, limit: FRAMES_PER_MESSAGE * RATE_LIMIT });
    this.#service = service;
    const { metrics } = service;
    this.messagesTotal = metrics.counter({
      name: "chat_messages_total",
      help: "Events of clients of this node that were acknowledged.",
    });
    this.#deliveries = metrics.counter({
      name: "chat_deliveries_total",
      help: "Frames that were delivered to connections of this node.",
    });
    this.#slowConsumers = metrics.counter({
      name: "chat_slow_consumers_closed_total",
      help: "Connections that were closed because the client read too slowly.",
    });
    metrics.gauge({
      name: "chat_connections",
      help: "Open connections of this node.",
      read: () => this.size,
    });
    metrics.gauge({
      name: "chat_rooms",
      help: "Rooms with a connection of this node.",
      read: () => new Set([...this.#connections].flatMap(({ rooms }) => [...rooms])).size,
    });
    service.draining.addEventListener("abort", () =>
      this.#closeAll("The server restarts: connect again."),
    );
  }

  /** Open connections. */
  get size(): number {
    return this.#connections.size;
  }

  connectionsOf(userId: string): number {
    return this.#users.get(userId)?.size ?? 0;
  }

  /** The session with its latest name: a client may still have the cookie from before a rename. */
  latestSession(session: Session): Session {
    const renamed = this.#renamed.get(session.id);
    return renamed && renamed.expires >= session.expires ? renamed : session;
  }

  connect(connection: Connection): void {
    const { id, user } = connection.session;
    this.#connections.add(connection);
    this.#users.getOrInsertComputed(user.id, () => new Set()).add(connection);
    // The session may have ended, or the shutdown begun, during the handshake.
    if (this.#ended.has(id)) connection.close(CLOSE.signedOut, "You have signed out.");
    if (this.#service.draining.aborted) connection.close(CLOSE.restart, "The server restarts.");
  }

  disconnect(connection: Connection): void {
    const { user } = connection.session;
    this.#connections.delete(connection);
    const own = this.#users.get(user.id);
    own?.delete(connection);
    if (own?.size === 0) this.#users.delete(user.id);
  }

  /** Sends the frame to the subscribers of its topic. If that throws, all connections close, and the clients recover. */
  deliver(delivery: Delivery): void {
    // `#publish` needs `service.server`, which does not exist while the node starts: it has no connections then.
    if (this.#connections.size === 0) return;
    try {
      this.#publish(delivery);
    } catch (error) {
      log.error("{error}", { error });
      this.onDataLoss();
    }
  }

  /** Records what is delivered to a room while a client joins it. */
  record(room: string): Recording {
    const recording = new Recording(roomTopic(room), () => this.#recordings.delete(recording));
    this.#recordings.add(recording);
    return recording;
  }

  signal(signal: Signal): void {
    switch (signal.type) {
      case "end-session": {
        if (this.#ended.size >= REMEMBERED_SESSIONS) this.#ended.clear();
        this.#ended.add(signal.session);
        const all = [...this.#connections].filter(({ session }) => session.id === signal.session);
        for (const connection of all) connection.close(CLOSE.signedOut, "You have signed out.");
        return;
      }
      case "rename":
        if (this.#renamed.size >= REMEMBERED_SESSIONS) this.#renamed.clear();
        this.#renamed.set(signal.session.id, signal.session);
        for (const connection of this.#users.get(signal.session.user.id) ?? []) {
          connection.rename(signal.session);
        }
        return;
      default:
        // A new signal without its case fails the type check.
        signal satisfies never;
    }
  }

  onDataLoss(): void {
    this.#closeAll("Deliveries were lost: connect again to recover.");
  }

  /** The limits apply to a user, over all of the user's connections. @throws {FrameError} `rate_limited` */
  checkRateLimit(user: User, kind: "frame" | "message"): void {
    const limiter = kind === "message" ? this.#messages : this.#frames;
    const retryAfter = limiter.take(user.id);
    if (retryAfter === 0) return;
    throw new FrameError("rate_limited", `You send too fast: try again in ${retryAfter} s.`);
  }

  closeSlowConsumer(connection: Connection): void {
    this.#slowConsumers.inc();
    connection.close(CLOSE.slowConsumer, "You read too slowly: connect again to recover.");
  }

  #publish(delivery: Delivery): void {
    const { topic, frame } = delivery;
    for (const recording of this.#recordings) recording.add(delivery);
    const { server, metrics } = this.#service;
    if (metrics.isServed) this.#deliveries.inc({}, server.subscriberCount(topic));
    server.publish(topic, frame);
    this.#unchecked += frame.length;
    if (this.#unchecked > CHECK_EVERY) this.#closeSlowConsumers();
  }

  /** The clients reconnect, here or at another node. */
  #closeAll(reason: string): void {
    const all = [...this.#connections];
    // Cleared first, so that `deliver` does nothing: otherwise each close would be announced to all the others.
    this.#connections.clear();
    for (const connection of all) connection.close(CLOSE.restart, reason);
  }

  /** Closes slow consumers long before the runtime's backpressure limit, beyond which they would get no close code. */
  #closeSlowConsumers(): void {
    this.#unchecked = 0;
    for (const connection of [...this.#connections]) {
      if (connection.bufferedBytes > LIMITS.sendBufferBytes) this.closeSlowConsumer(connection);
    }
  }
}
