// Hands each new message to every open event stream: read once, encoded once, whoever listens.
import type { Message, MessageLog } from "../messages/log.ts";
import { formatEvent, HEARTBEAT } from "./format.ts";

/** One reader of the live events. */
export interface Reader {
  send(chunk: Uint8Array): void;
  end(): void;
}

const encoder = new TextEncoder();
const heartbeat = encoder.encode(HEARTBEAT);

export class Hub {
  /** Every open stream, those that still catch up too. */
  readonly readers = new Set<Reader>();
  readonly #live = new Set<Reader>();
  readonly #timer: Timer;
  #open = true;
  #position = "";
  #published = Promise.withResolvers<void>();

  private constructor(heartbeatMs: number) {
    this.#timer = setInterval(() => this.#send(heartbeat), heartbeatMs);
  }

  static async open(log: MessageLog, heartbeatMs: number): Promise<Hub> {
    const hub = new Hub(heartbeatMs);
    hub.#position = await log.follow((...published) => hub.#publish(...published));
    return hub;
  }

  /** False once the service shuts down. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Id of the last message that the live readers were sent. */
  get position(): string {
    return this.#position;
  }

  /** Resolves when `position` moves on. */
  get published(): Promise<void> {
    return this.#published.promise;
  }

  /** From now on `reader` gets every message after `position`. */
  join(reader: Reader): void {
    this.#live.add(reader);
  }

  leave(reader: Reader): void {
    this.readers.delete(reader);
    this.#live.delete(reader);
  }

  /** Ends every stream: the clients reconnect, to another instance if this one is going. */
  close(): void {
    this.#open = false;
    clearInterval(this.#timer);
    this.#endAll();
  }

  #endAll(): void {
    for (const reader of [...this.readers]) reader.end();
  }

  #publish(messages: readonly Message[], complete: boolean): void {
    this.#position = messages.at(-1)?.id ?? this.#position;
    if (complete) this.#send(encodeMessages(messages));
    // Something is missing: the clients reconnect, and get a gap event or what they missed.
    else this.#endAll();
    this.#published.resolve();
    this.#published = Promise.withResolvers();
  }

  #send(chunk: Uint8Array): void {
    for (const reader of this.#live) reader.send(chunk);
  }
}

/** Messages as the bytes of their events. */
export function encodeMessages(messages: readonly Message[]): Uint8Array {
  const events = messages.map((message) =>
    formatEvent({ id: message.id, event: "message", data: JSON.stringify(message) }),
  );
  return encoder.encode(events.join(""));
}
