// Events that the server has not acknowledged. Each has an idempotency key, so it can safely be sent again.
import type { EventKind, FrameOf } from "../protocol.ts";

/** An event without what the client adds to it. */
export type NewEvent = { [K in EventKind]: Omit<FrameOf<K>, "ref" | "key"> }[EventKind];
export type Unsent = NewEvent & { readonly key: string };

/** Keeps the outbox across page loads, e.g. the tab's `sessionStorage`. */
export interface OutboxStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

export class Outbox {
  /** The outbox belongs to a user: another one in the same tab must not send it. */
  readonly #name: string;
  readonly #storage: OutboxStorage | undefined;
  /** Rooms with an event in flight. */
  readonly #inFlight = new Set<string>();
  #unsent: readonly Unsent[];

  constructor(userId: string, storage?: OutboxStorage) {
    this.#name = `chat-outbox:${userId}`;
    this.#storage = storage;
    this.#unsent = JSON.parse(storage?.getItem(this.#name) ?? "[]");
  }

  get unsent(): readonly Unsent[] {
    return this.#unsent;
  }

  add(event: NewEvent): Unsent {
    const unsent = { ...event, key: randomKey() };
    this.#save([...this.#unsent, unsent]);
    return unsent;
  }

  /**
   * Marks the oldest event of the room as in flight, until `stopSending`. Only one event per room is in flight at a time,
   * so that events stay in order.
   * @returns undefined if no event of the room is queued, or if one is in flight.
   */
  startSending(room: string): Unsent | undefined {
    if (this.#inFlight.has(room)) return undefined;
    const event = this.#unsent.find((unsent) => unsent.room === room);
    if (event) this.#inFlight.add(room);
    return event;
  }

  /** The event is no longer in flight: there was a reply, or the connection has closed. */
  stopSending({ room }: Unsent): void {
    this.#inFlight.delete(room);
  }

  remove({ key }: Unsent): void {
    this.#save(this.#unsent.filter((unsent) => unsent.key !== key));
  }

  /** Removes the events of a room. @returns them. */
  drop(room: string): readonly Unsent[] {
    const dropped = this.#unsent.filter((unsent) => unsent.room === room);
    this.#save(this.#unsent.filter((unsent) => unsent.room !== room));
    return dropped;
  }

  #save(unsent: readonly Unsent[]): void {
    this.#unsent = unsent;
    try {
      this.#storage?.setItem(this.#name, JSON.stringify(unsent));
    } catch {
      // The storage is full. The events are still sent, unless the page is closed first.
    }
  }
}

/** Not `randomUUID`: browsers have it only on HTTPS and localhost. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
