// The text of an event stream (WHATWG): https://html.spec.whatwg.org/#parsing-an-event-stream

export interface ServerEvent {
  readonly event?: string;
  readonly id?: string | undefined;
  readonly data: string;
}

/**
 * Encodes one event. Each line of the data becomes a separate `data` field, so that no line break in
 * the data can end the event.
 * @throws {RangeError} if the id or the name contains a NUL or a line break.
 */
export function formatEvent({ event, id, data }: ServerEvent): string {
  for (const field of [event, id]) {
    if (field !== undefined && /[\0\r\n]/.test(field)) {
      throw new RangeError(
        "The id and the name of an event must not contain a NUL or a line break.",
      );
    }
  }
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${id === undefined ? "" : `id: ${id}\n`}${event === undefined ? "" : `event: ${event}\n`}${lines.join("")}\n`;
}

/** A comment, which clients ignore; it keeps a quiet connection open. */
export const HEARTBEAT = ":\n\n";

/** The start of a stream: the reconnection time in milliseconds, and the id from which a client resumes. */
export function formatHello(retryMs: number, id: string | undefined): string {
  return `retry: ${retryMs}\n${id === undefined ? "" : `id: ${id}\n`}\n`;
}

/**
 * Headers of an event stream. `x-accel-buffering` stops nginx from buffering it. `connection` keeps a client from sending
 * another request on this connection: a shutdown closes it right after the stream, and the request would be lost.
 */
export const streamHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  connection: "close",
  "x-accel-buffering": "no",
} as const;
