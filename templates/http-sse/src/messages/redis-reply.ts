// What Redis answers, made into messages and errors.
import { LogUnavailable, type Message } from "./log.ts";

/** Milliseconds that Redis may take to answer. */
export const TIMEOUT_MS = 2000;

/** Where a stream that never held a message starts. */
export const START = "0-0";

/** One entry of the stream: its id, then names and values in turn. */
export type Entry = readonly [id: string, fields: readonly string[]];

/** The reply, if it comes in time. @throws {LogUnavailable} for everything else. */
export async function answer<T>(reply: Promise<T>, timeoutMs = TIMEOUT_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("Redis does not answer.")), timeoutMs);
  try {
    return await Promise.race([reply, late.promise]);
  } catch (cause) {
    throw new LogUnavailable("The message log cannot be reached now.", { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The time of a message is in its id: milliseconds, then a number within them. */
export function toMessage([id, fields]: Entry): Message {
  const at = new Date(Number.parseInt(id, 10)).toISOString();
  return { id, text: fields[1] ?? "", at };
}
