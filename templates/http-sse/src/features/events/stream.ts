// One client's event stream: a replay of what it missed, page by page, then new messages, within a byte limit.
// #region auth
import { MAX_DELAY_MS } from "#lib/env";
// #endregion
import type { MessageStore } from "../messages/store.ts";
import { type Broadcaster, encodeMessages, type Subscriber } from "./broadcaster.ts";
import { formatEvent, formatHello } from "./format.ts";

/** Messages per page of the replay. */
const PAGE = 50;
/** The next page is read once fewer bytes than this are queued for the client. */
const READ_AHEAD = 64 * 1024;
/** Reconnection time, one to three seconds: the jitter keeps all clients from reconnecting at the same moment. */
const retryMs = () => 1000 + Math.floor(Math.random() * 2000);

const encoder = new TextEncoder();

export interface StreamOptions {
  readonly broadcaster: Broadcaster;
  readonly messages: MessageStore;
  /** Topics and prefixes that the client receives. */
  readonly topics: readonly string[];
  readonly lastEventId: string | undefined;
  /** Whether a stream without `lastEventId` starts with the oldest message, and not with new ones. */
  readonly replaysAll?: boolean;
  // #region auth
  /** In milliseconds since the Unix epoch. A stream ends after 25 days, the longest delay of a timer, if that is earlier. */
  readonly expiresAt: number;
  // #endregion
  /** Bytes that may be queued before the stream is closed. */
  readonly maxBufferedBytes: number;
  readonly onSlowConsumer: () => void;
  /** Called when the stream is closed because the messages cannot be read. */
  readonly onError: (error: unknown) => void;
}

/**
 * The body of an event stream. During the replay, the stream pulls the next page whenever fewer bytes than its high-water
 * mark are queued; afterwards, the broadcaster pushes events.
 */
export function eventStream(options: StreamOptions): ReadableStream<Uint8Array> {
  const { broadcaster, messages, topics, maxBufferedBytes, lastEventId } = options;
  const highWaterMark = Math.min(READ_AHEAD, maxBufferedBytes);
  const startsNew = lastEventId === undefined && !options.replaysAll;
  // Without a cursor, the replay starts with the oldest message.
  let cursor = startsNew ? broadcaster.head : lastEventId;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  // #region auth
  let expiry: Timer | undefined;
  // #endregion

  const subscriber: Subscriber = {
    topics,
    send(chunk) {
      try {
        controller.enqueue(chunk);
      } catch (error) {
        ignoreClosed(error);
        return remove();
      }
      const queuedBytes = highWaterMark - (controller.desiredSize ?? 0);
      if (queuedBytes <= maxBufferedBytes) return;
      subscriber.end();
      options.onSlowConsumer();
    },
    end() {
      remove();
      try {
        controller.close();
      } catch (error) {
        ignoreClosed(error);
      }
    },
  };
  const remove = () => {
    // #region auth
    clearTimeout(expiry);
    // #endregion
    broadcaster.remove(subscriber);
  };
  const isOpen = () => broadcaster.streams.has(subscriber);

  /**
   * Sends one page, or subscribes if nothing is left to replay. There is no `await` between that check and the
   * subscription, because a message that is published in between would be missed.
   */
  async function replay(): Promise<void> {
    while (cursor !== broadcaster.head) {
      const headBefore = broadcaster.head;
      const page = await messages.read({ topics, after: cursor, limit: PAGE });
      if (!isOpen()) return;
      cursor = page.cursor;
      const isEmpty = page.messages.length === 0;
      // A client resumes after the last id it received. If no message follows a gap event, the event itself has the id.
      if (page.hasGap) controller.enqueue(gapEvent(isEmpty ? cursor : undefined));
      if (!isEmpty) {
        broadcaster.sent.inc({}, page.messages.length);
        return controller.enqueue(encodeMessages(page.messages));
      }
      // A message was published during the read: compare the cursor with the new head.
      if (broadcaster.head !== headBefore) continue;
      // If instances share the store, the replay may have read messages that the broadcaster has not received yet.
      // Subscribing now would send them twice.
      if (cursor !== broadcaster.head) await broadcaster.nextPublish();
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
        const hello = formatHello(retryMs(), startsNew ? cursor : undefined);
        controller.enqueue(encoder.encode(hello));
        // #region auth
        const lifeMs = Math.min(options.expiresAt - Date.now(), MAX_DELAY_MS);
        expiry = setTimeout(() => subscriber.end(), lifeMs);
        // #endregion
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
      cancel: remove,
    },
    new ByteLengthQueuingStrategy({ highWaterMark }),
  );
}

/** Ignores that a stream is closed already. If the error were thrown, the remaining subscribers would get no event. */
function ignoreClosed(error: unknown): void {
  if (!(error instanceof TypeError)) throw error;
}

function gapEvent(id: string | undefined): Uint8Array {
  const reason = "Last-Event-ID is unknown, or messages after it were dropped.";
  return encoder.encode(formatEvent({ event: "gap", id, data: JSON.stringify({ reason }) }));
}
