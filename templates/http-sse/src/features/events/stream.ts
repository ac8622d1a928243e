// One client's event stream: a replay of what it missed, page by page, then new messages, within a byte limit.
import type { MessageStore } from "../messages/store.ts";
import { type Broadcaster, encodeMessages, type Subscriber } from "./broadcaster.ts";
import { formatEvent, formatHello } from "./format.ts";

/** Messages per page of the replay. */
const PAGE = 50;
/** Bytes that may be queued for the client before the next page is read. */
const READ_AHEAD = 64 * 1024;
const RETRY_MS = 2000;

const encoder = new TextEncoder();

export interface StreamOptions {
  readonly broadcaster: Broadcaster;
  readonly messages: MessageStore;
  /** Id of the last message that the client received; undefined for new messages only. */
  readonly lastEventId: string | undefined;
  /** Bytes that may be queued before the stream is closed. */
  readonly maxBufferedBytes: number;
  /** Called when the stream is closed because its client reads too slowly. */
  readonly onSlowConsumer: () => void;
  /** Called when the stream is closed because the messages cannot be read. */
  readonly onError: (error: unknown) => void;
}

/**
 * The body of an event stream. It is a queue with a byte count, and `desiredSize` shows how much is
 * queued. During the replay the client's reading pulls pages; afterwards the broadcaster pushes.
 */
export function eventStream(options: StreamOptions): ReadableStream<Uint8Array> {
  const { broadcaster, messages, maxBufferedBytes, lastEventId } = options;
  const readAhead = Math.min(READ_AHEAD, maxBufferedBytes);
  let cursor = lastEventId ?? broadcaster.head;
  let controller: ReadableStreamDefaultController<Uint8Array>;

  const subscriber: Subscriber = {
    send(chunk) {
      try {
        controller.enqueue(chunk);
      } catch (error) {
        ignoreClosed(error);
        return broadcaster.remove(subscriber);
      }
      if (readAhead - (controller.desiredSize ?? 0) <= maxBufferedBytes) return;
      subscriber.end();
      options.onSlowConsumer();
    },
    end() {
      broadcaster.remove(subscriber);
      try {
        controller.close();
      } catch (error) {
        ignoreClosed(error);
      }
    },
  };
  const isOpen = () => broadcaster.streams.has(subscriber);

  /** Sends one page. If nothing is left, subscribes without an `await`, so that no message is missed. */
  async function replay(): Promise<void> {
    while (cursor !== broadcaster.head) {
      const { head } = broadcaster;
      const page = await messages.read(cursor, PAGE);
      if (!isOpen()) return;
      const newest = page.messages.at(-1)?.id;
      // The gap event carries an id only if no message follows that has one.
      if (page.hasGap) controller.enqueue(gapEvent(newest === undefined ? head : undefined));
      cursor = newest ?? (page.hasGap ? head : cursor);
      if (newest !== undefined) {
        broadcaster.sent.inc({}, page.messages.length);
        return controller.enqueue(encodeMessages(page.messages));
      }
      // The store is ahead of the broadcaster: wait until it catches up.
      if (!page.hasGap && broadcaster.head === head) await broadcaster.nextPublish();
      if (!isOpen()) return;
    }
    broadcaster.subscribe(subscriber);
    // Never settles, so that a live stream is not pulled at each event.
    return new Promise(() => undefined);
  }

  return new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
        broadcaster.streams.add(subscriber);
        const id = lastEventId === undefined ? cursor : undefined;
        controller.enqueue(encoder.encode(formatHello(RETRY_MS, id)));
      },
      async pull() {
        try {
          await replay();
        } catch (error) {
          if (!isOpen()) return;
          // The client reconnects and repeats its request.
          subscriber.end();
          options.onError(error);
        }
      },
      cancel: () => broadcaster.remove(subscriber),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: readAhead }),
  );
}

/** A stream may close before it is removed; that must not disturb the other subscribers. */
function ignoreClosed(error: unknown): void {
  if (!(error instanceof TypeError)) throw error;
}

/** The event that reports missing messages. */
function gapEvent(id: string | undefined): Uint8Array {
  const data = JSON.stringify({ reason: "Last-Event-ID is not in the log" });
  return encoder.encode(formatEvent({ event: "gap", data, ...(id === undefined ? {} : { id }) }));
}
