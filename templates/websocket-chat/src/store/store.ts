// What the chat asks of its store. `local.ts` serves one process, `redis.ts` any number of nodes.
import type { ChatMessage, Person, Position, Snapshot } from "../protocol.ts";

/** A message on its way in. `key` is the sender's: the same again is the same message. */
export interface Draft {
  readonly room: string;
  readonly from: Person;
  readonly text: string;
  readonly at: string;
  readonly key: string;
}

/** Where a draft is stored; for a repeated key, where it was stored the first time. */
export interface Stored extends Position {
  readonly room: string;
}

/** Something that every node tells its own connections: `frame` goes to all who follow `topic`. */
export interface Delivery {
  readonly topic: string;
  readonly frame: string;
}

export interface Listener {
  /** Called in the order of the store; per room that is the order of the offsets. */
  deliver(delivery: Delivery): void;
  /** Deliveries are missing: connections have to start again from their last position. */
  lost(): void;
}

export interface Store {
  /** Stores the message, and has it delivered once. Resolves when a crash can't lose it any more. */
  append(draft: Draft): Promise<Stored>;
  /**
   * Puts the person into the room (others get `user-joined` if they were not there) and reads it.
   * The snapshot holds everything delivered until the promise settles; the rest is yet to come.
   */
  enter(room: string, person: Person, after?: Position): Promise<Snapshot>;
  /** Takes the person out of the room, as far as this node goes: the last node says `user-left`. */
  leave(room: string, person: Person): Promise<void>;
  /** The person is online on this node, in a room or not. */
  connect(person: Person): Promise<void>;
  disconnect(person: Person): Promise<void>;
  /** The person online with this id, else the only one with this name. */
  find(idOrName: string): Promise<Person | undefined>;
  /** Delivers on every node, this one included. */
  send(delivery: Delivery): Promise<void>;
  /** Delivers on the other nodes. Nothing depends on it: it may be dropped. */
  hint(delivery: Delivery): void;
  /** False, or rejected, while messages can't be stored. */
  ready(): Promise<boolean>;
  /** Finishes what was begun, signs this node off, and closes. */
  close(): Promise<void>;
}

/** Topic of everyone in a room. */
export const roomTopic = (room: string): string => `room:${room}`;
/** Topic of all connections of a person. */
export const personTopic = (id: string): string => `person:${id}`;

/** A message as it is sent. Encoded once, however many read it. */
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

/** An id names one person; a name does so as long as nobody else online goes by it. */
export function findPerson(
  people: ReadonlyMap<string, Person>,
  idOrName: string,
): Person | undefined {
  const person = people.get(idOrName);
  if (person) return person;
  const [only, another] = [...people.values()].filter(({ name }) => name === idOrName);
  return another ? undefined : only;
}
