// The bus carries frames and signals to every node of the chat. `LocalBus` is for a single process.
import { log } from "#lib/log";
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

export interface Listener {
  /** Called in the order of the store; within a room that is the order of the offsets. */
  deliver(delivery: Delivery): void;
  signal(signal: Signal): void;
  /** Called when deliveries are missing: every client must reconnect and recover from its last position. */
  onDataLoss(): void;
}

export interface Bus {
  /** Sets the listener, which gets everything from now on. */
  subscribe(listener: Listener): void;
  /** Delivers on every node, this one included. Rejects while the nodes cannot be reached. */
  publish(delivery: Delivery): Promise<void>;
  /** Sends a signal to every node, this one included. Rejects while the nodes cannot be reached. */
  signal(signal: Signal): Promise<void>;
}

/** Never throws: after a bug in the listener, clients recover from the store, in which the event is. */
export function deliverTo(listener: Listener | undefined, delivery: Delivery): void {
  try {
    listener?.deliver(delivery);
  } catch (error) {
    log.error("{error}", { error });
    listener?.onDataLoss();
  }
}

export class LocalBus implements Bus {
  #listener: Listener | undefined;

  subscribe(listener: Listener): void {
    this.#listener = listener;
  }

  deliver(delivery: Delivery): void {
    deliverTo(this.#listener, delivery);
  }

  async publish(delivery: Delivery): Promise<void> {
    this.deliver(delivery);
  }

  async signal(signal: Signal): Promise<void> {
    this.#listener?.signal(signal);
  }
}

/** Topic of all members of a room. */
export const roomTopic = (room: string): string => `room:${room}`;
/** Topic of all connections of a user. */
export const userTopic = (id: string): string => `user:${id}`;
