// Entries of a Redis Stream, and the messages in them.
import type { Message } from "./store.ts";

/** The cursor of a stream that never held a message. */
export const START = "0-0";

/** One entry of the stream: its id, then names and values alternately. */
export type Entry = readonly [id: string, fields: readonly string[]];

/** The message in an entry; undefined if it contains none, because another program wrote it. */
export function toMessage(entry: Entry): Message | undefined {
  try {
    return parseEntry(entry);
  } catch {
    return undefined;
  }
}

/**
 * The message in an entry that this service wrote. The time of a message is in its id: milliseconds, then a counter
 * within the millisecond.
 * @throws {Error} for another entry.
 */
export function parseEntry([id, fields]: Entry): Message {
  const at = new Date(Number.parseInt(id, 10)).toISOString();
  // Names are at even positions. A value may be equal to a name.
  const field = (name: string) => {
    const index = fields.findIndex((text, i) => i % 2 === 0 && text === name);
    return index === -1 ? undefined : fields[index + 1];
  };
  const text = field("text");
  // Entries of the first release have no fields but `text` and `key`.
  const data = text === undefined ? JSON.parse(field("data") ?? "") : { text };
  if (typeof data !== "object" || data === null) {
    throw new TypeError(`The entry ${id} is not a message.`);
  }
  return { id, topic: field("topic") ?? "general", event: field("event") ?? "message", data, at };
}
