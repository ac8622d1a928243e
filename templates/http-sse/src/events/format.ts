// The text of an event stream, by the WHATWG rules: https://html.spec.whatwg.org/#parsing-an-event-stream

export interface ServerEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data: string;
}

/**
 * One event as it goes over the wire. Every line of the data gets a field of its own, so that no
 * line break in it can end the event.
 * @throws {RangeError} when the id or the name could not be read back.
 */
export function formatEvent({ event, id, data }: ServerEvent): string {
  for (const field of [event, id]) {
    if (field !== undefined && /[\0\r\n]/.test(field)) {
      throw new RangeError("An event's id and name hold no NUL and no line break.");
    }
  }
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${id === undefined ? "" : `id: ${id}\n`}${event === undefined ? "" : `event: ${event}\n`}${lines.join("")}\n`;
}

/** A comment: readers ignore it, and the connection stays open. */
export const HEARTBEAT = ":\n\n";

/** Before any event: after how many milliseconds to reconnect, and after which id to go on then. */
export function formatHello(retryMs: number, id: string | undefined): string {
  return `retry: ${retryMs}\n${id === undefined ? "" : `id: ${id}\n`}\n`;
}

/** Headers of a response that is an event stream; the last one is for nginx, which would buffer it. */
export const streamHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-content-type-options": "nosniff",
  "x-accel-buffering": "no",
} as const;
