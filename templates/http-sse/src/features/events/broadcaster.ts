// Sends each new message to every open event stream: read once and encoded once, however many subscribe.
import type { Counter, Metrics } from "#lib/metrics";
import type { Message, MessageStore } from "../messages/store.ts";
import { formatEvent, HEARTBEAT } from "./format.ts";

/** The receiving end of one event stream. */
export interface Subscriber {
  send(chunk: Uint8Array): void;
  end(): void;
}

const encoder = new TextEncoder();
const heartbeat = encoder.encode(HEARTBEAT);

export class Broadcaster {
  /** Every open stream, including those that still replay. */
  readonly streams = new Set<Subscriber>();
  /** The streams that receive new messages. */
  readonly #subscribers = new Set<Subscriber>();
  readonly #timer: Timer;
  readonly sent: Counter;
  #published = Promise.withResolvers<void>();

  private constructor(
    heartbeatMs: number,
    /** Id of the last message that the subscribers were sent. */
    public head: string,
    metrics: Metrics,
  ) {
    metrics.gauge({
      name: "sse_streams",
      help: "Open event streams.",
      read: () => this.streams.size,
    });
    this.sent = metrics.counter({
      name: "sse_events_sent_total",
      help: "Events that were sent to event streams, replays included.",
    });
    this.#timer = setInterval(() => this.#send(heartbeat), heartbeatMs);
  }

  static open(messages: MessageStore, heartbeatMs: number, metrics: Metrics): Broadcaster {
    const head = messages.subscribe((published, hasGap) => broadcaster.#publish(published, hasGap));
    const broadcaster = new Broadcaster(heartbeatMs, head, metrics);
    return broadcaster;
  }

  /** Resolves when `head` changes. */
  nextPublish(): Promise<void> {
    return this.#published.promise;
  }

  /** From now on `subscriber` is sent every message after `head`. */
  subscribe(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  /** Removes a stream that has ended. */
  remove(subscriber: Subscriber): void {
    this.streams.delete(subscriber);
    this.#subscribers.delete(subscriber);
  }

  /** Ends every stream: the clients reconnect, to another instance if this one shuts down. */
  endAll(): void {
    for (const stream of [...this.streams]) stream.end();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #publish(messages: readonly Message[], hasGap: boolean): void {
    this.head = messages.at(-1)?.id ?? this.head;
    // After a gap the clients reconnect, and receive what they missed or a gap event.
    if (hasGap) this.endAll();
    else this.#sendMessages(messages);
    this.#published.resolve();
    this.#published = Promise.withResolvers();
  }

  #sendMessages(messages: readonly Message[]): void {
    this.sent.inc({}, messages.length * this.#subscribers.size);
    this.#send(encodeMessages(messages));
  }

  #send(chunk: Uint8Array): void {
    for (const subscriber of this.#subscribers) subscriber.send(chunk);
  }
}

/** Messages as the bytes of their events. */
export function encodeMessages(messages: readonly Message[]): Uint8Array {
  const events = messages.map((message) =>
    formatEvent({ id: message.id, event: "message", data: JSON.stringify(message) }),
  );
  return encoder.encode(events.join(""));
}
