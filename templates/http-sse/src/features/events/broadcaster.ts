// Sends each new message to the open event streams of its topic. It is formatted once, and encoded once for all streams
// with the same topics.
import type { Counter, Metrics } from "#lib/metrics";
import { type Message, type MessageStore, toJson } from "../messages/store.ts";
import { patternsCovering } from "../messages/topics.ts";
import { formatEvent, HEARTBEAT } from "./format.ts";

/** One event stream. It receives new messages once it is subscribed. */
export interface Subscriber {
  /** Topics and prefixes to receive. */
  readonly topics: readonly string[];
  send(chunk: Uint8Array): void;
  end(): void;
}

/** The streams with the same topics. */
interface Channel {
  readonly topics: readonly string[];
  readonly subscribers: Set<Subscriber>;
}

const encoder = new TextEncoder();

export class Broadcaster {
  /** Every open stream, including those that still replay. Each one adds itself when it opens. */
  readonly streams = new Set<Subscriber>();
  /** Channels by their topics, sorted and joined. A stream that still replays is in none of them. */
  readonly #channels = new Map<string, Channel>();
  /** Channels by each of their topics, so that a message does not have to visit the channels of other topics. */
  readonly #byTopic = new Map<string, Set<Channel>>();
  readonly #timer: Timer;
  readonly sent: Counter;
  /** The cursor up to which the store has published its messages. */
  head: string;
  #published = Promise.withResolvers<void>();

  constructor(messages: Pick<MessageStore, "subscribe">, heartbeatMs: number, metrics: Metrics) {
    this.head = messages.subscribe((published, hasGap, cursor) =>
      this.#publish(published, hasGap, cursor),
    );
    metrics.gauge({
      name: "sse_streams",
      help: "Open event streams.",
      read: () => this.streams.size,
    });
    this.sent = metrics.counter({
      name: "sse_events_sent_total",
      help: "Events that were sent to event streams, replays included.",
    });
    let announced = this.head;
    this.#timer = setInterval(() => {
      // The first heartbeat after new messages carries the newest id. Otherwise clients of quiet topics would resume
      // after an older message, and get a gap event once that is dropped.
      const isNew = announced !== this.head;
      this.#sendHeartbeat(isNew ? `${HEARTBEAT}id: ${this.head}\n\n` : HEARTBEAT);
      announced = this.head;
    }, heartbeatMs);
  }

  /** Resolves when `head` changes. */
  nextPublish(): Promise<void> {
    return this.#published.promise;
  }

  /** From now on, sends the subscriber each new message of its topics. */
  subscribe(subscriber: Subscriber): void {
    const { topics } = subscriber;
    const key = topics.toSorted().join();
    const channel = this.#channels.get(key) ?? { topics, subscribers: new Set() };
    this.#channels.set(key, channel);
    channel.subscribers.add(subscriber);
    for (const topic of topics) {
      const channels = this.#byTopic.get(topic) ?? new Set();
      this.#byTopic.set(topic, channels.add(channel));
    }
  }

  /** Removes a closed stream and its subscription. */
  remove(subscriber: Subscriber): void {
    this.streams.delete(subscriber);
    const key = subscriber.topics.toSorted().join();
    const channel = this.#channels.get(key);
    if (!channel) return;
    channel.subscribers.delete(subscriber);
    if (channel.subscribers.size > 0) return;
    this.#channels.delete(key);
    for (const topic of channel.topics) {
      const channels = this.#byTopic.get(topic);
      if (channels?.delete(channel) && channels.size === 0) this.#byTopic.delete(topic);
    }
  }

  /** Ends every stream: the clients reconnect, to another instance if this one shuts down. */
  endAll(): void {
    for (const stream of [...this.streams]) stream.end();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #publish(messages: readonly Message[], hasGap: boolean, cursor: string): void {
    this.head = cursor;
    // After a gap the clients reconnect, and receive what they missed or a gap event.
    if (hasGap) this.endAll();
    else this.#sendMessages(messages);
    this.#published.resolve();
    this.#published = Promise.withResolvers();
  }

  #sendMessages(messages: readonly Message[]): void {
    const events = new Map<Channel, string[]>();
    for (const message of messages) {
      let event: string | undefined;
      for (const channel of this.#channelsOf(message.topic)) {
        event ??= formatMessage(message);
        const list = events.get(channel);
        if (list) list.push(event);
        else events.set(channel, [event]);
      }
    }
    for (const [{ subscribers }, list] of events) {
      this.sent.inc({}, list.length * subscribers.size);
      const chunk = encoder.encode(list.join(""));
      for (const subscriber of subscribers) subscriber.send(chunk);
    }
  }

  /** The channels of a topic. A set, because several patterns of one channel may match. */
  #channelsOf(topic: string): Set<Channel> {
    const patterns = patternsCovering(topic);
    return new Set(patterns.flatMap((pattern) => [...(this.#byTopic.get(pattern) ?? [])]));
  }

  #sendHeartbeat(text: string): void {
    const chunk = encoder.encode(text);
    for (const { subscribers } of this.#channels.values()) {
      for (const subscriber of subscribers) subscriber.send(chunk);
    }
  }
}

function formatMessage(message: Message): string {
  return formatEvent({
    id: message.id,
    event: message.event,
    data: JSON.stringify(toJson(message)),
  });
}

export function encodeMessages(messages: readonly Message[]): Uint8Array {
  return encoder.encode(messages.map(formatMessage).join(""));
}
