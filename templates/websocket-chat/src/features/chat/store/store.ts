// What the chat needs of its store. `local.ts` implements it for one process, `redis/` for several nodes.

import type { ChatMessage, Position, Snapshot, User } from "../../../protocol.ts";
import { isId } from "../../../random-id.ts";

/** A message to store. `key` is the sender's idempotency key: the same key again is the same message. */
export interface Draft {
  readonly room: string;
  readonly from: User;
  readonly text: string;
  readonly at: string;
  readonly key: string;
}

/** Where a message is stored; for a repeated key, where it was stored the first time. */
export interface Stored extends Position {
  readonly room: string;
}

/** An encoded frame for every connection that is subscribed to `topic`. */
export interface Delivery {
  readonly topic: string;
  readonly frame: string;
}

export interface Listener {
  /** Called in the order of the store; within a room that is the order of the offsets. */
  deliver(delivery: Delivery): void;
  /** Deliveries are missing: every client has to reconnect and recover from its last position. */
  onDataLoss(): void;
}

/** While the store cannot be reached, read or written, the methods that return a promise reject. */
export interface Store {
  /** Sets the listener, which gets all deliveries from now on. */
  subscribe(listener: Listener): void;
  /** Stores the message and delivers it once. When the promise resolves, it survives a crash. */
  append(draft: Draft): Promise<Stored>;
  /**
   * Adds the user to the room and reads it; others get `user-joined` unless the user was there already.
   * The snapshot contains everything that was delivered before the promise settles, and nothing else.
   */
  join(room: string, user: User, after?: Position): Promise<Snapshot>;
  /** Removes the user from the room on this node; if no other node has the user, others get `user-left`. */
  leave(room: string, user: User): Promise<void>;
  /** The user is online on this node, in a room or not. */
  connect(user: User): Promise<void>;
  disconnect(user: User): Promise<void>;
  /** The online user with this id, otherwise the only one with this name. */
  findUser(idOrName: string): Promise<User | undefined>;
  /** Delivers on every node, this one included. */
  publish(delivery: Delivery): Promise<void>;
  /** Delivers on the other nodes. It may be dropped, so use it only for hints such as `typing`. */
  publishEphemeral(delivery: Delivery): void;
  /** Rejects unless messages can be stored and delivered now. */
  ready(): Promise<void>;
  /** Finishes pending writes, removes this node's users, and closes. */
  close(): Promise<void>;
}

/** Topic of all members of a room. */
export const roomTopic = (room: string): string => `room:${room}`;
/** Topic of all connections of a user. */
export const userTopic = (id: string): string => `user:${id}`;

/** Encodes a message once for all its receivers. */
export const encodeMessage = ({ room, from, text, at }: Draft, position: Position): string =>
  JSON.stringify({
    type: "chat",
    room,
    epoch: position.epoch,
    offset: position.offset,
    from,
    text,
    at,
  } satisfies ChatMessage);

/**
 * Finds a user by id, or by a name that only one user has. Text that has the form of an id is never taken
 * for a name: otherwise a name that equals the id of an offline user would receive that user's messages.
 */
export function findUser(users: ReadonlyMap<string, User>, idOrName: string): User | undefined {
  if (isId(idOrName)) return users.get(idOrName);
  const [only, another] = [...users.values()].filter(({ name }) => name === idOrName);
  return another ? undefined : only;
}
