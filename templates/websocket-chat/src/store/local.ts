// The store of a single process: the log is a SQLite file, and who is where is in memory.
import type { Person, Position, Snapshot } from "../protocol.ts";
import { SqliteLog } from "./sqlite.ts";
import {
  type Delivery,
  type Draft,
  encodeMessage,
  findPerson,
  type Listener,
  roomTopic,
  type Store,
  type Stored,
} from "./store.ts";

interface Waiting {
  readonly draft: Draft;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: unknown) => void;
}

export class LocalStore implements Store {
  readonly #log: SqliteLog;
  readonly #listener: Listener;
  readonly #rooms = new Map<string, Map<string, Person>>();
  readonly #online = new Map<string, Person>();
  #waiting: Waiting[] = [];
  /** The last messages could not be stored: the disk is full, or gone. */
  #failing = false;

  /** @param path of the SQLite file. */
  constructor(path: string, listener: Listener) {
    this.#log = new SqliteLog(path);
    this.#listener = listener;
  }

  /** Messages that arrive in one turn of the event loop are committed together. */
  append(draft: Draft): Promise<Stored> {
    const { promise, resolve, reject } = Promise.withResolvers<Stored>();
    if (this.#waiting.push({ draft, resolve, reject }) === 1) setImmediate(() => this.#commit());
    return promise;
  }

  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const appended = this.#log.append(waiting.map(({ draft }) => draft));
      this.#failing = false;
      for (const [index, { draft, stored, fresh }] of appended.entries()) {
        const topic = roomTopic(stored.room);
        if (fresh) this.#listener.deliver({ topic, frame: encodeMessage(draft, stored) });
        waiting[index]?.resolve(stored);
      }
    } catch (error) {
      this.#failing = true;
      for (const { reject } of waiting) reject(error);
    }
  }

  async enter(room: string, person: Person, after?: Position): Promise<Snapshot> {
    const members = this.#rooms.get(room) ?? new Map<string, Person>();
    const history = this.#log.read(room, after);
    if (!members.has(person.id)) this.#tell("user-joined", room, person);
    this.#rooms.set(room, members.set(person.id, person));
    return { ...history, members: [...members.values()] };
  }

  async leave(room: string, person: Person): Promise<void> {
    const members = this.#rooms.get(room);
    if (!members?.delete(person.id)) return;
    if (members.size === 0) this.#rooms.delete(room);
    this.#tell("user-left", room, person);
  }

  async connect(person: Person): Promise<void> {
    this.#online.set(person.id, person);
  }

  async disconnect(person: Person): Promise<void> {
    this.#online.delete(person.id);
  }

  async find(idOrName: string): Promise<Person | undefined> {
    return findPerson(this.#online, idOrName);
  }

  async send(delivery: Delivery): Promise<void> {
    this.#listener.deliver(delivery);
  }

  hint(): void {
    // There are no other nodes.
  }

  async ready(): Promise<boolean> {
    if (this.#failing) this.#log.tryWriting();
    this.#failing = false;
    return true;
  }

  async close(): Promise<void> {
    if (this.#waiting.length > 0) this.#commit();
    this.#log.close();
  }

  #tell(type: "user-joined" | "user-left", room: string, user: Person): void {
    this.#listener.deliver({
      topic: roomTopic(room),
      frame: JSON.stringify({ type, room, user }),
    });
  }
}
