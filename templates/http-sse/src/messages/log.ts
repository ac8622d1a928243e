// The log of messages: what every store of it promises. `sqlite.ts` and `redis.ts` keep these promises.
import { z } from "zod";

export const Message = z.object({
  id: z.string().meta({ description: "Opaque. Also the id of its event." }),
  text: z.string(),
  at: z.iso.datetime(),
});
export type Message = Readonly<z.output<typeof Message>>;

/** What became of a message. `conflict`: its key was used before, with another text. */
export interface Appended {
  readonly outcome: "created" | "repeated" | "conflict";
  readonly message: Message;
}

export interface Page {
  readonly messages: readonly Message[];
  /** False if `after` is not, or no longer, in the log; the page then starts with the oldest message. */
  readonly complete: boolean;
}

/** `complete` is false if messages before these were dropped before the listener could be told of them. */
export type Listener = (messages: readonly Message[], complete: boolean) => void;

export interface MessageLog {
  /**
   * Adds a message at the end; when the promise resolves, the message survives a crash.
   * With a `key` that was used before, nothing is added.
   * @throws {LogUnavailable}
   */
  append(text: string, key?: string): Promise<Appended>;

  /** Up to `limit` messages after the one with the id `after`, oldest first. @throws {LogUnavailable} */
  read(after: string | undefined, limit: number): Page | Promise<Page>;

  /** The newest messages, oldest of them first. @throws {LogUnavailable} */
  newest(limit: number): readonly Message[] | Promise<readonly Message[]>;

  /** @throws {LogUnavailable} */
  get(id: string): Message | undefined | Promise<Message | undefined>;

  /**
   * Calls `listener` with every message that is added from now on, by any instance, in order.
   * @returns the id after which it listens: the newest message's, or that of an empty log's start.
   */
  follow(listener: Listener): string | Promise<string>;

  /** Whether the log can be written and read now. */
  ready(): boolean | Promise<boolean>;
  close(): void | Promise<void>;
}

/** The store cannot be reached, or cannot write. It may later: clients are told to try again. */
export class LogUnavailable extends Error {
  override readonly name = "LogUnavailable";
}
