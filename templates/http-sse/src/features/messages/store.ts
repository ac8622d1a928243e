// The message store: one ordered log of messages.
import { z } from "zod";

export const Message = z.object({
  id: z.string().meta({ description: "Opaque. Also the id of its event." }),
  text: z.string(),
  at: z.iso.datetime(),
});
export type Message = Readonly<z.output<typeof Message>>;

/** The result of `append`. `conflict`: the key was used before with another text. */
export interface Appended {
  readonly outcome: "created" | "repeated" | "conflict";
  readonly message: Message;
}

export interface Page {
  readonly messages: readonly Message[];
  /** True if there is no message `after`, or it was deleted; the page then starts with the oldest message. */
  readonly hasGap: boolean;
}

/** `hasGap` is true if messages before these were dropped before they could be delivered. */
export type Listener = (messages: readonly Message[], hasGap: boolean) => void;

/** Every method throws a 503 `Problem` while the store cannot be reached, read or written. */
export interface MessageStore {
  /**
   * Adds a message at the end; when the promise resolves, the message survives a crash.
   * With a `key` that was used before, nothing is added.
   */
  append(text: string, key?: string): Promise<Appended>;

  /** Up to `limit` messages after the one with the id `after`, oldest first. */
  read(after: string | undefined, limit: number): Promise<Page>;

  /** The newest messages, oldest of them first. */
  newest(limit: number): Promise<readonly Message[]>;

  get(id: string): Promise<Message | undefined>;

  /**
   * Calls `listener` with every message that any instance adds from now on, in order.
   * @returns the cursor after which it listens: the id of the newest message, or the start of an empty log.
   */
  subscribe(listener: Listener): string;

  /** Rejects unless the store can write and read now. */
  ready(): Promise<void>;
  close(): void | Promise<void>;
}
