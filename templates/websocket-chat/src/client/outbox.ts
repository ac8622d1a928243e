// Messages that the server has not acknowledged. They keep their key, so that sending again is harmless.

export interface Unsent {
  readonly key: string;
  readonly room: string;
  readonly text: string;
}

/** Where the outbox outlives the page, e.g. the tab's `sessionStorage`. */
export interface OutboxStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

const NAME = "chat-outbox";

export class Outbox {
  readonly #storage: OutboxStorage | undefined;
  /** Rooms whose oldest message is on its way. */
  readonly #busy = new Set<string>();
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

  /** The oldest message of the room, unless one is on its way: that keeps them in order. */
  take(room: string): Unsent | undefined {
    const message = this.#busy.has(room) ? undefined : this.#unsent.find((it) => it.room === room);
    if (message) this.#busy.add(room);
    return message;
  }

  /** What was taken has an answer, or will never have one. */
  release({ room }: Unsent): void {
    this.#busy.delete(room);
  }

  remove({ key }: Unsent): void {
    this.#save(this.#unsent.filter((message) => message.key !== key));
  }

  #save(unsent: readonly Unsent[]): void {
    this.#unsent = unsent;
    this.#storage?.setItem(NAME, JSON.stringify(unsent));
  }
}

/** `crypto.randomUUID` exists on HTTPS and localhost only; this exists everywhere. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
