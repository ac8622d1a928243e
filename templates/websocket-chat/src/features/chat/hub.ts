// The state that all connections of this node share: the store, the presence, the rate limits and the fan-out.
import { log } from "#lib/log";
import type { Counter } from "#lib/metrics";
import { RateLimiter } from "#lib/rate-limit";
import type { Service } from "#lib/service";
import type { Env } from "../../env.ts";
import { LIMITS } from "../../limits.ts";
import type { User } from "../../protocol.ts";
import type { Connection } from "./connection.ts";
import { FrameError } from "./parse-frame.ts";
import { logPresenceError, ONLINE, Presence } from "./presence.ts";
import type { Delivery, Listener, Store } from "./store/store.ts";

const WINDOW_MS = 10_000;
/** The limit on frames of any kind is this many times the limit on messages. */
const FRAMES_PER_MESSAGE = 10;

/** Close code and reason when the service stops. */
const RESTART = [1012, "The server restarts: connect again."] as const;

export class Hub implements Listener {
  readonly presence = new Presence();
  /** Disconnect a client that reads nothing during a replay for this many milliseconds. */
  readonly replayTimeoutMs: number;
  readonly #messages: RateLimiter;
  readonly #frames: RateLimiter;
  readonly #connections = new Set<Connection>();
  readonly #deliveries: Counter;
  readonly messagesTotal: Counter;

  constructor(
    { MAX_CONNECTIONS, RATE_LIMIT, IDLE_TIMEOUT_S }: Env,
    readonly store: Store,
    readonly service: Service,
  ) {
    const limits = { windowMs: WINDOW_MS, maxClients: 2 * MAX_CONNECTIONS };
    this.#messages = new RateLimiter({ ...limits, limit: RATE_LIMIT });
    this.#frames = new RateLimiter({ ...limits, limit: FRAMES_PER_MESSAGE * RATE_LIMIT });
    this.replayTimeoutMs = IDLE_TIMEOUT_S * 1000;
    this.#deliveries = service.metrics.counter({
      name: "chat_deliveries_total",
      help: "Frames that were delivered to connections of this node.",
    });
    this.messagesTotal = service.metrics.counter({
      name: "chat_messages_total",
      help: "Chat messages of clients of this node that were acknowledged.",
    });
    service.metrics.gauge({
      name: "chat_connections",
      help: "Open connections of this node.",
      read: () => this.size,
    });
    service.metrics.gauge({
      name: "chat_rooms",
      help: "Rooms with a connection of this node.",
      read: () => this.presence.rooms,
    });
    store.subscribe(this);
    service.draining.addEventListener("abort", () => this.closeAll(...RESTART));
    service.websocket<Connection>({
      maxPayloadLength: LIMITS.frameBytes,
      // Without the close, the runtime would silently skip frames for a slow consumer.
      backpressureLimit: LIMITS.sendBufferBytes,
      closeOnBackpressureLimit: true,
      // The runtime pings a silent client, and closes the connection if there is no pong.
      idleTimeout: IDLE_TIMEOUT_S,
      sendPings: true,
      perMessageDeflate: false,
      open: (socket) => {
        socket.data.opened(socket);
        // A handshake that was in progress at the abort would otherwise delay the exit until the timeout.
        if (service.draining.aborted) socket.close(...RESTART);
      },
      message: (socket, data) => socket.data.received(data),
      drain: (socket) => socket.data.drained(),
      close: (socket) => socket.data.closed(),
      error: (error) => log.error("{error}", { error }),
    });
  }

  /** Open connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** Open connections of one user. */
  connectionsOf(userId: string): number {
    return this.presence.count(ONLINE, userId);
  }

  deliver({ topic, frame }: Delivery): void {
    // Redis may deliver before the service listens; there is no server yet, and there are no subscribers.
    if (this.#connections.size === 0) return;
    const { server } = this.service;
    if (this.service.metrics.isServed) this.#deliveries.inc({}, server.subscriberCount(topic));
    // Uncompressed: compression makes short frames longer.
    server.publish(topic, frame, false);
  }

  onDataLoss(): void {
    this.closeAll(1012, "Deliveries were lost: connect again to recover.");
  }

  /** The limits apply to a user, over all of the user's connections. @throws {FrameError} `rate_limited` */
  checkRateLimit(user: User, kind: "frame" | "message"): void {
    const limiter = kind === "message" ? this.#messages : this.#frames;
    const { allowed, retryAfter } = limiter.take(user.id);
    if (allowed) return;
    throw new FrameError("rate_limited", `Too many ${kind}s: try again in ${retryAfter} s.`);
  }

  connect(connection: Connection): void {
    const { user } = connection;
    this.#connections.add(connection);
    if (this.presence.join(ONLINE, user.id)) {
      this.store.connect(user).catch(logPresenceError);
    }
  }

  disconnect(connection: Connection): void {
    const { user } = connection;
    if (!this.#connections.delete(connection)) return;
    if (this.presence.leave(ONLINE, user.id)) {
      this.store.disconnect(user).catch(logPresenceError);
    }
  }

  /** Closes every connection. The clients reconnect, here or at another node. */
  closeAll(code: number, reason: string): void {
    for (const connection of this.#connections) connection.close(code, reason);
  }
}
