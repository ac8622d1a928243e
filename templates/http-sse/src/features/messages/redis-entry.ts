// Entries of a Redis Stream, and the messages in them.
import type { Message } from "./store.ts";

/** The cursor of a stream that never held a message. */
export const START = "0-0";

/** One entry of the stream: its id, then names and values alternately. */
export type Entry = readonly [id: string, fields: readonly string[]];

/** The time of a message is in its id: milliseconds, then a counter within the millisecond. */
export function toMessage([id, fields]: Entry): Message {
  const at = new Date(Number.parseInt(id, 10)).toISOString();
  return { id, text: fields[1] ?? "", at };
}

/** Sends commands to Redis. */
interface Commands {
  send(command: string, args: string[]): Promise<unknown>;
}

/** Whether the stream has lost entries. False if it does not exist. */
export async function wasTrimmed(redis: Commands, key: string): Promise<boolean> {
  if ((await redis.send("EXISTS", [key])) === 0) return false;
  const info = await redis.send("XINFO", ["STREAM", key]);
  const { "entries-added": added, length } = info as Record<string, unknown>;
  return added !== length;
}
