// Sends each new message to the open event streams of its topic. The text of its event is built once. The text is converted
// to bytes once for each set of patterns, not once for each stream.
import { log } from "#lib/log";
import type { Counter, Metrics } from "#lib/metrics";
import { isEventName, type Message, type MessageStore, toJson } from "../messages/store.ts";
import { patternsCovering } from "../messages/topics.ts";

/** One event stream. It receives new messages once it is subscribed. */
export interface Subscriber {
  /** The stream receives the messages whose topics these patterns cover. */
  readonly patterns: readonly string[];
  send(chunk: Uint8Array): void;
  end(): void;
}

/** The subscribers with the same patterns. */
interface Channel {
  readonly patterns: readonly string[];
  readonly subscribers: Set<Subscriber>;
}

/** A comment, which clients ignore; it keeps a quiet connection open. */
const HEARTBEAT = ":\n\n";

const encoder = new TextEncoder();

export class Broadcaster {
  /** Every open stream, with its channel; without one while it replays. */
  readonly #streams = new Map<Subscriber, Channel | undefined>();
  /** Channels by their patterns, sorted and joined. */
  readonly #channels = new Map<string, Channel>();
  /** Channels by each of their patterns, so that a message does not have to visit the channels of other topics. */
  readonly #byPattern = new Map<string, Set<Channel>>();
  readonly #timer: Timer;
  readonly sent: Counter;
  #head: string;
  /** The head at the last heartbeat. */
  #announced: string;
  #published = Promise.withResolvers<void>();

  constructor(messages: Pick<MessageStore, "subscribe">, heartbeatMs: number, metrics: Metrics) {
    this.#head = messages.subscribe((published, hasGap, cursor) =>
      this.#publish(published, hasGap, cursor),
    );
    this.#announced = this.#head;
    metrics.gauge({
      name: "sse_streams",
      help: "Open event streams.",
      read: () => this.size,
    });
    this.sent = metrics.counter({
      name: "sse_events_sent_total",
      help: "Events that were sent to event streams, replays included.",
    });
    this.#timer = setInterval(() => this.#sendHeartbeat(), heartbeatMs);
  }

  /** The number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** The cursor up to which the store has published its messages. */
  get head(): string {
    return this.#head;
  }

  /** Resolves when `head` changes. */
  nextPublish(): Promise<void> {
    return this.#published.promise;
  }

  /** Adds an open stream. Until it is subscribed, it receives heartbeats only. */
  add(stream: Subscriber): void {
    this.#streams.set(stream, undefined);
  }

  isOpen(stream: Subscriber): boolean {
    return this.#streams.has(stream);
  }

  /** From now on, sends an open stream each new message of its topics. */
  subscribe(stream: Subscriber): void {
    const { patterns } = stream;
    const empty = { patterns, subscribers: new Set<Subscriber>() };
    const channel = this.#channels.getOrInsert(keyOf(patterns), empty);
    channel.subscribers.add(stream);
    this.#streams.set(stream, channel);
    for (const pattern of patterns) {
      this.#byPattern.getOrInsert(pattern, new Set()).add(channel);
    }
  }

  /** Removes a closed stream and its subscription. */
  remove(stream: Subscriber): void {
    const channel = this.#streams.get(stream);
    this.#streams.delete(stream);
    if (!channel) return;
    const { patterns, subscribers } = channel;
    subscribers.delete(stream);
    if (subscribers.size > 0) return;
    this.#channels.delete(keyOf(patterns));
    for (const pattern of patterns) {
      const channels = this.#byPattern.get(pattern);
      if (channels?.delete(channel) && channels.size === 0) this.#byPattern.delete(pattern);
    }
  }

  /** Ends every stream: the clients reconnect, to another instance if this one shuts down. */
  endAll(): void {
    for (const stream of this.#streams.keys()) stream.end();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #publish(messages: readonly Message[], hasGap: boolean, cursor: string): void {
    this.#head = cursor;
    // After a gap the clients reconnect, and receive what they missed or a gap event.
    if (hasGap) this.endAll();
    else this.#sendMessages(messages);
    this.#published.resolve();
    this.#published = Promise.withResolvers();
  }

  #sendMessages(messages: readonly Message[]): void {
    const events = new Map<Channel, string[]>();
    for (const message of messages) {
      const found = patternsCovering(message.topic).map((pattern) => this.#byPattern.get(pattern));
      // A set, because several patterns of one channel may match.
      const channels = new Set(found.flatMap((channels) => [...(channels ?? [])]));
      if (channels.size === 0) continue;
      const event = formatMessage(message);
      for (const channel of channels) events.getOrInsert(channel, []).push(event);
    }
    for (const [{ subscribers }, list] of events) {
      this.sent.inc({}, list.length * subscribers.size);
      const chunk = encoder.encode(list.join(""));
      for (const subscriber of subscribers) subscriber.send(chunk);
    }
  }

  /**
   * The first heartbeat after new messages carries the newest id. Otherwise clients of quiet topics would resume after an
   * older message, and get a gap event once that is dropped. A stream that still replays gets no id: its client would
   * resume after messages that it has not received.
   */
  #sendHeartbeat(): void {
    const comment = encoder.encode(HEARTBEAT);
    const isNew = this.#announced !== this.#head;
    const live = isNew ? encoder.encode(`${HEARTBEAT}id: ${this.#head}\n\n`) : comment;
    this.#announced = this.#head;
    for (const [stream, channel] of this.#streams) stream.send(channel ? live : comment);
  }
}

function keyOf(patterns: readonly string[]): string {
  return patterns.toSorted().join();
}

/**
 * Formats one event: https://html.spec.whatwg.org/#parsing-an-event-stream. JSON has no line break that could end it.
 * @param event for which `isEventName` is true.
 */
export function formatEvent(event: string, data: object, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Formats a message as an event. If its event name is not valid, clients receive only its id, so that they resume after
 * it: an earlier release, or another program, may have stored such a message.
 */
function formatMessage(message: Message): string {
  const { id, event } = message;
  if (isEventName(event)) return formatEvent(event, toJson(message), id);
  log.warn("skipped the message {id}: its event name contains a NUL or a line break", { id });
  return `id: ${id}\n\n`;
}

export function encodeMessages(messages: readonly Message[]): Uint8Array {
  return encoder.encode(messages.map(formatMessage).join(""));
}
