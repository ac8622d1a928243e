// What the connections of this node share: the store, who is where, the limits, and the fan-out.
import { RateLimiter } from "#lib/rate-limit";
import type { Connection } from "./connection.ts";
import { FrameError } from "./frames.ts";
import { ONLINE, Presence } from "./presence.ts";
import type { Person } from "./protocol.ts";
import type { Delivery, Listener, Store } from "./store/store.ts";

const WINDOW_MS = 10_000;
/** Frames of any kind for each message: joins, typing and pings are not free. */
const FRAMES_PER_MESSAGE = 10;

export interface HubOptions {
  readonly MAX_CONNECTIONS: number;
  readonly RATE_LIMIT: number;
  readonly IDLE_TIMEOUT_S: number;
  /** Makes the store, which tells the hub what to deliver. */
  readonly openStore: (listener: Listener) => Store;
  /** Sends `frame` to the sockets of this node that subscribed to `topic`. */
  readonly publish: (topic: string, frame: string) => void;
  /** Told about errors that are nobody's answer. */
  readonly report: (error: unknown) => void;
}

export class Hub implements Listener {
  readonly store: Store;
  readonly presence = new Presence();
  readonly report: (error: unknown) => void;
  /** Milliseconds that a connection may take nothing of what it asked for. */
  readonly patienceMs: number;
  readonly #publish: HubOptions["publish"];
  readonly #messages: RateLimiter;
  readonly #frames: RateLimiter;
  readonly #connections = new Set<Connection>();

  constructor(options: HubOptions) {
    const { MAX_CONNECTIONS, RATE_LIMIT, openStore, publish, report } = options;
    const limits = { windowMs: WINDOW_MS, maxClients: 2 * MAX_CONNECTIONS };
    this.#messages = new RateLimiter({ ...limits, limit: RATE_LIMIT });
    this.#frames = new RateLimiter({ ...limits, limit: FRAMES_PER_MESSAGE * RATE_LIMIT });
    this.#publish = publish;
    this.report = report;
    this.patienceMs = options.IDLE_TIMEOUT_S * 1000;
    this.store = openStore(this);
  }

  /** Open connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** Open connections of one person. */
  connectionsOf(id: string): number {
    return this.presence.count(ONLINE, id);
  }

  deliver({ topic, frame }: Delivery): void {
    this.#publish(topic, frame);
  }

  lost(): void {
    this.closeAll(1012, "Deliveries were lost: connect again to catch up.");
  }

  /** @throws {FrameError} `rate_limited`. The limits hold for a person over all their connections. */
  spend(person: Person, kind: "frame" | "message"): void {
    const limiter = kind === "message" ? this.#messages : this.#frames;
    const { allowed, retryAfter } = limiter.take(person.id);
    if (allowed) return;
    throw new FrameError("rate_limited", `Too many ${kind}s: try again in ${retryAfter} s.`);
  }

  connected(connection: Connection): void {
    const { person } = connection;
    this.#connections.add(connection);
    if (this.presence.arrive(ONLINE, person.id)) {
      this.store.connect(person).catch(this.report);
    }
  }

  disconnected(connection: Connection): void {
    const { person } = connection;
    if (!this.#connections.delete(connection)) return;
    if (this.presence.depart(ONLINE, person.id)) {
      this.store.disconnect(person).catch(this.report);
    }
  }

  /** Closes every connection; the clients come back, here or at another node. */
  closeAll(code: number, reason: string): void {
    for (const connection of this.#connections) connection.end(code, reason);
  }
}
