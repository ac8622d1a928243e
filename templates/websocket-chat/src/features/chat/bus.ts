// The bus carries frames and signals to every node of the chat. `LocalBus` is for a single process.
import type { Session } from "../session/cookie.ts";

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

/** While the nodes cannot be reached, both methods reject with a `Problem`. */
export interface Bus {
  /** Delivers on every node, this one included. */
  publish(delivery: Delivery): Promise<void>;
  /** Sends a signal to every node, this one included. */
  signal(signal: Signal): Promise<void>;
}

export class LocalBus implements Bus {
  constructor(readonly hub: Listener) {}

  async publish(delivery: Delivery): Promise<void> {
    this.hub.deliver(delivery);
  }

  async signal(signal: Signal): Promise<void> {
    this.hub.signal(signal);
  }
}

/** Topic of all members of a room. */
export const roomTopic = (room: string): string => `room:${room}`;
/** Topic of all connections of a user. */
export const userTopic = (id: string): string => `user:${id}`;
