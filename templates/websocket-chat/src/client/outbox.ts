// Messages that the server has not acknowledged. Each has an idempotency key, so it can safely be sent again.

export interface Unsent {
  readonly key: string;
  readonly room: string;
  readonly text: string;
}

/** Keeps the outbox across page loads, e.g. the tab's `sessionStorage`. */
export interface OutboxStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

const NAME = "chat-outbox";

export class Outbox {
  readonly #storage: OutboxStorage | undefined;
  /** Rooms with a message in flight. */
  readonly #inFlight = new Set<string>();
  #unsent: readonly Unsent[];

  constructor(storage?: OutboxStorage) {
    this.#storage = storage;
    this.#unsent = JSON.parse(storage?.getItem(NAME) ?? "[]");
  }

  get unsent(): readonly Unsent[] {
    return this.#unsent;
  }

  add(room: string, text: string): Unsent {
    const message = { key: randomKey(), room, text };
    this.#save([...this.#unsent, message]);
    return message;
  }

  /** The oldest message of the room. At most one per room is in flight, so that they stay in order. */
  take(room: string): Unsent | undefined {
    const message = this.#inFlight.has(room)
      ? undefined
      : this.#unsent.find((unsent) => unsent.room === room);
    if (message) this.#inFlight.add(room);
    return message;
  }

  /** The message is no longer in flight: there was a reply, or the connection has closed. */
  release({ room }: Unsent): void {
    this.#inFlight.delete(room);
  }

  remove({ key }: Unsent): void {
    this.#save(this.#unsent.filter((message) => message.key !== key));
  }

  #save(unsent: readonly Unsent[]): void {
    this.#unsent = unsent;
    this.#storage?.setItem(NAME, JSON.stringify(unsent));
  }
}

/** Not `randomUUID`: browsers have it only on HTTPS and localhost. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
