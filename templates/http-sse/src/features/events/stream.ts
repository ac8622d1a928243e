// One client's event stream: a replay of what it missed, page by page, then new messages, within a byte limit.
import type { MessageStore } from "../messages/store.ts";
import { type Broadcaster, encodeMessages, formatEvent, type Subscriber } from "./broadcaster.ts";

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
  /** The client receives the messages of the topics that they cover. */
  readonly patterns: readonly string[];
  readonly lastEventId: string | undefined;
  /** Whether a stream without `lastEventId` starts with the oldest message, and not with new ones. */
  readonly replaysAll?: boolean;
  // #region auth
  /** In milliseconds since the Unix epoch; undefined if the stream does not expire. */
  readonly expiresAt: number | undefined;
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
  const { broadcaster, messages, patterns, maxBufferedBytes, lastEventId } = options;
  const highWaterMark = Math.min(READ_AHEAD, maxBufferedBytes);
  const startsNew = lastEventId === undefined && !options.replaysAll;
  // Without a cursor, the replay starts with the oldest message.
  let cursor = startsNew ? broadcaster.head : lastEventId;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  // #region auth
  let expiry: Timer | undefined;
  // #endregion

  const subscriber: Subscriber = {
    patterns,
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
  const isOpen = () => broadcaster.isOpen(subscriber);

  /**
   * Sends one page, or subscribes if nothing is left to replay. There is no `await` between that check and the
   * subscription, because a message that is published in between would be missed.
   */
  async function replay(): Promise<void> {
    while (cursor !== broadcaster.head) {
      const headBefore = broadcaster.head;
      const page = await messages.read({ patterns, after: cursor, limit: PAGE });
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
      // If other instances store messages, the page may be ahead of the broadcaster, which would send the messages of the page
      // again after the subscription.
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
        broadcaster.add(subscriber);
        // Without Last-Event-ID, the client resumes after the newest message.
        const id = startsNew ? `id: ${cursor}\n` : "";
        controller.enqueue(encoder.encode(`retry: ${retryMs()}\n${id}\n`));
        // #region auth
        const { expiresAt } = options;
        if (expiresAt !== undefined) {
          expiry = setTimeout(() => subscriber.end(), expiresAt - Date.now());
        }
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
  return encoder.encode(formatEvent("gap", { reason }, id));
}
