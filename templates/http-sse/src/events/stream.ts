// One client's event stream: what it missed, page by page, then what comes, within a budget of bytes.
import type { MessageLog } from "../messages/log.ts";
import { formatEvent, formatHello } from "./format.ts";
import { encodeMessages, type Hub, type Reader } from "./hub.ts";

/** Messages that are read from the log at a time. */
const PAGE = 50;
/** Bytes that wait for the client before the next page is read. */
const READ_AHEAD = 64 * 1024;
const RETRY_MS = 2000;

const encoder = new TextEncoder();

export interface StreamOptions {
  readonly hub: Hub;
  readonly log: MessageLog;
  /** Id of the last message that the client has seen; without it, only new ones are sent. */
  readonly lastEventId: string | undefined;
  /** Bytes that may wait before the stream is closed. */
  readonly budget: number;
  /** Called when the stream is closed because the client reads too slowly. */
  readonly onSlow: () => void;
  /** Called when the stream is closed because the log cannot be read. */
  readonly onError: (error: unknown) => void;
}

/**
 * The body of an event stream. The stream is a queue with a byte count: `desiredSize` says how much
 * waits. While it catches up, the client's reading pulls the pages; once it is live, the hub pushes.
 */
export function eventStream(options: StreamOptions): ReadableStream<Uint8Array> {
  const { hub, log, budget, lastEventId } = options;
  const readAhead = Math.min(READ_AHEAD, budget);
  let position = lastEventId ?? hub.position;
  let controller: ReadableStreamDefaultController<Uint8Array>;

  const reader: Reader = {
    send(chunk) {
      try {
        controller.enqueue(chunk);
      } catch (error) {
        allowGone(error);
        return hub.leave(reader);
      }
      if (readAhead - (controller.desiredSize ?? 0) <= budget) return;
      reader.end();
      options.onSlow();
    },
    end() {
      hub.leave(reader);
      try {
        controller.close();
      } catch (error) {
        allowGone(error);
      }
    },
  };

  /** Sends the next page; or, when there is none, joins the hub in the very turn that showed it. */
  async function catchUp(): Promise<void> {
    while (position !== hub.position) {
      const horizon = hub.position;
      const { messages, complete } = await log.read(position, PAGE);
      if (!hub.readers.has(reader)) return;
      const newest = messages.at(-1)?.id;
      if (!complete) controller.enqueue(gap(newest === undefined ? horizon : undefined));
      position = newest ?? (complete ? position : horizon);
      if (newest !== undefined) return controller.enqueue(encodeMessages(messages));
      // All is read, yet the hub is elsewhere: it is about to publish what this client has.
      if (complete && hub.position === horizon) await hub.published;
      if (!hub.readers.has(reader)) return;
    }
    hub.join(reader);
    // Never settles: a live stream must not be pulled at each event.
    return new Promise(() => undefined);
  }

  return new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
        hub.readers.add(reader);
        const id = lastEventId === undefined ? position : undefined;
        controller.enqueue(encoder.encode(formatHello(RETRY_MS, id)));
      },
      async pull() {
        try {
          await catchUp();
        } catch (error) {
          if (!hub.readers.has(reader)) return;
          // The client reconnects and asks again.
          reader.end();
          options.onError(error);
        }
      },
      cancel: () => hub.leave(reader),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: readAhead }),
  );
}

/** A stream may be gone before its reader is told: the other readers must not suffer. */
function allowGone(error: unknown): void {
  if (!(error instanceof TypeError)) throw error;
}

/** Tells the client that messages are missing; with an id if no message follows that has one. */
function gap(id: string | undefined): Uint8Array {
  const data = JSON.stringify({ reason: "Last-Event-ID is not in the log" });
  return encoder.encode(formatEvent({ event: "gap", data, ...(id === undefined ? {} : { id }) }));
}
