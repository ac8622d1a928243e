// The interface of the message store, which keeps the messages of all topics in one order.

export interface Message {
  /** Opaque. Also the id of its event. */
  readonly id: string;
  readonly topic: string;
  /** Name of its event: `message`, `deleted`, or another kind. */
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: string;
}

export interface NewMessage {
  readonly topic: string;
  /** Must not contain a NUL or a line break, and must not be `deleted`, which only `delete` adds. */
  readonly event: string;
  /** JSON must be able to represent it. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Idempotency key: a message with a key that was used before is not added. */
  readonly key?: string | undefined;
  // #region jobs
  /**
   * A topic can have one state: an object that is stored apart from its messages. `set` stores `data` as this state. The
   * state stays when retention drops the message. `remove` deletes the state.
   */
  readonly state?: "set" | "remove" | undefined;
  /**
   * The `key` of the last message of the topic. Each message before it has this `endKey`: if the last message is stored
   * already, `append` adds nothing and returns `conflict`.
   */
  readonly endKey?: string | undefined;
  // #endregion
}

/** The result of `append`. */
export interface Appended {
  /** `conflict`: the key was used before for another message. `deleted`: the message of this key was deleted. */
  readonly outcome: "created" | "repeated" | "conflict" | "deleted";
  /** The added message; if the key was used before, the stored message of this key, or its deletion. */
  readonly message: Message;
}

export interface Query {
  /** Only messages of topics that one of these patterns covers: a topic, `a/*` or `*`. */
  readonly patterns: readonly string[];
  /** Only messages with this event name. */
  readonly event?: string;
  readonly limit: number;
}

export interface Page {
  readonly messages: readonly Message[];
  /** True if messages after `after` were dropped, or `after` is unknown; the page then starts with the oldest message. */
  readonly hasGap: boolean;
  /** Pass it as `after` to read the next page. */
  readonly cursor: string;
}

/**
 * Receives new messages, oldest first. `hasGap` is true if earlier messages were dropped before this instance read them.
 * `cursor` is the position after these messages. A reader whose `Page.cursor` is equal to it has read all of them.
 */
export type Listener = (messages: readonly Message[], hasGap: boolean, cursor: string) => void;

/**
 * Stores messages, and notifies subscribers. Drops messages and deletions that are older than the newest `MESSAGES_KEEP`.
 * While the store cannot be reached, read or written, the promises of its methods reject: with a 507 `Problem` if the
 * disk is full, else with a 503. `ready` may reject with any error.
 */
export interface MessageStore {
  /**
   * Adds a message at the end; when the promise resolves, the message survives a crash. Rejects with a `RangeError` or a
   * `TypeError` if the event name or the data is not valid; then nothing is stored.
   */
  append(message: NewMessage): Promise<Appended>;

  /**
   * Deletes a message whose event is `message`, and adds a message with the event `deleted` that contains the deleted
   * id, for subscribers and replays. @returns false if there is no such message.
   */
  delete(id: string): Promise<boolean>;

  /** Messages after the one with the id `after`, or from the oldest, in order. */
  read(query: Query & { readonly after: string | undefined }): Promise<Page>;

  /** The newest messages, in order: the oldest of them comes first. */
  newest(query: Query): Promise<readonly Message[]>;

  get(id: string): Promise<Message | undefined>;

  /**
   * Calls `listener` with every message that any instance adds from now on, in order.
   * @returns the cursor after which it listens: the id of the newest message, or the start if the store is empty.
   */
  subscribe(listener: Listener): string;

  // #region jobs
  /** The message that was added with this idempotency key, or its deletion. */
  getByKey(key: string): Promise<Message | undefined>;

  /** The topics that have a state, with the data of that state. Retention does not drop it. */
  states(): Promise<ReadonlyMap<string, Message["data"]>>;

  /** Random id of this instance. */
  readonly instance: string;

  /** Whether another instance, the one with this id, may still be running. */
  isAlive(instance: string): Promise<boolean>;

  // #endregion
  /** Rejects unless the store can write and read now. */
  ready(): Promise<void>;
  close(): void | Promise<void>;
}

/** Whether an event of a stream can have this name: a line break would end it. */
export function isEventName(name: string): boolean {
  return !/[\0\r\n]/.test(name);
}

/**
 * Checks a message before it is stored. @returns its data as JSON.
 * @throws {RangeError} for an event name that is not allowed.
 * @throws {TypeError} if JSON cannot represent the data as an object.
 */
export function serializeData({ event, data }: NewMessage): string {
  if (!isEventName(event)) {
    throw new RangeError("The name of an event must not contain a NUL or a line break.");
  }
  if (event === "deleted") throw new RangeError("Only a deletion has the event name `deleted`.");
  const json: string | undefined = JSON.stringify(data);
  if (!json?.startsWith("{")) throw new TypeError("The data of a message must be an object.");
  return json;
}

/** The result of `append` if the idempotency key of `message` was used before, for `stored`. */
export function resultOfRepeat(stored: Message, message: NewMessage): Appended {
  if (stored.event === "deleted") return { outcome: "deleted", message: stored };
  const isSame =
    stored.topic === message.topic &&
    stored.event === message.event &&
    Bun.deepEquals(stored.data, message.data);
  return { outcome: isSame ? "repeated" : "conflict", message: stored };
}

/** The JSON that clients receive for a message, in events and in lists. `data` cannot replace the other members. */
export function toJson({ id, topic, event, data, at }: Message): Readonly<Record<string, unknown>> {
  return event === "deleted" ? { ...data, topic } : { ...data, id, topic, at };
}
