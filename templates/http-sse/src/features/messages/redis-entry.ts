// Entries of a Redis Stream, and the messages in them.
import type { Message } from "./store.ts";

/** The cursor of a stream that never held a message. */
export const START = "0-0";

/** One entry of the stream: its id, then names and values alternately. */
export type Entry = readonly [id: string, fields: readonly string[]];

/** The time of a message is in its id: milliseconds, then a counter within the millisecond. */
export function toMessage([id, fields]: Entry): Message {
  const at = new Date(Number.parseInt(id, 10)).toISOString();
  // Names are at even positions. A value may be equal to a name.
  const field = (name: string) => {
    const index = fields.findIndex((text, at) => at % 2 === 0 && text === name);
    return index === -1 ? undefined : fields[index + 1];
  };
  const text = field("text");
  // Until version 0.2, an entry had only its text and its key.
  const data = text === undefined ? JSON.parse(field("data") ?? "{}") : { text };
  return {
    id,
    topic: field("topic") ?? "general",
    event: field("event") ?? "message",
    data,
    at,
  };
}
