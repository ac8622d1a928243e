// The store of a single process: messages in a SQLite file, presence in memory.
import { storeUnavailable } from "#lib/http";
import type { Position, Snapshot, User } from "../../../protocol.ts";
import { SqliteMessages } from "./sqlite.ts";
import {
  type Delivery,
  type Draft,
  encodeMessage,
  findUser,
  type Listener,
  roomTopic,
  type Store,
  type Stored,
} from "./store.ts";

interface Pending extends PromiseWithResolvers<Stored> {
  readonly draft: Draft;
}

export class LocalStore implements Store {
  readonly #messages: SqliteMessages;
  readonly #rooms = new Map<string, Map<string, User>>();
  readonly #online = new Map<string, User>();
  #listener: Listener | undefined;
  #pending: Pending[] = [];

  /** @param path of the SQLite file. @throws if it cannot be opened or created. */
  constructor(path: string) {
    this.#messages = new SqliteMessages(path);
  }

  subscribe(listener: Listener): void {
    this.#listener = listener;
  }

  /** Group commit: all messages appended in the same tick share one transaction. */
  append(draft: Draft): Promise<Stored> {
    const pending = { draft, ...Promise.withResolvers<Stored>() };
    if (this.#pending.push(pending) === 1) setImmediate(() => this.#commit());
    return pending.promise;
  }

  #commit(): void {
    const pending = this.#pending;
    this.#pending = [];
    try {
      const appended = this.#messages.append(pending.map(({ draft }) => draft));
      for (const [index, { draft, stored, isNew }] of appended.entries()) {
        if (isNew) this.#deliver(stored.room, encodeMessage(draft, stored));
        pending[index]?.resolve(stored);
      }
    } catch (error) {
      for (const { reject } of pending) reject(storeUnavailable(error));
    }
  }

  async join(room: string, user: User, after?: Position): Promise<Snapshot> {
    const members = this.#rooms.get(room) ?? new Map<string, User>();
    const history = this.#read(room, after);
    if (!members.has(user.id)) this.#announce("user-joined", room, user);
    this.#rooms.set(room, members.set(user.id, user));
    return { ...history, members: [...members.values()] };
  }

  async leave(room: string, user: User): Promise<void> {
    const members = this.#rooms.get(room);
    if (!members?.delete(user.id)) return;
    if (members.size === 0) this.#rooms.delete(room);
    this.#announce("user-left", room, user);
  }

  async connect(user: User): Promise<void> {
    this.#online.set(user.id, user);
  }

  async disconnect(user: User): Promise<void> {
    this.#online.delete(user.id);
  }

  async findUser(idOrName: string): Promise<User | undefined> {
    return findUser(this.#online, idOrName);
  }

  async publish(delivery: Delivery): Promise<void> {
    this.#listener?.deliver(delivery);
  }

  publishEphemeral(): void {
    // There are no other nodes.
  }

  async ready(): Promise<void> {
    this.#messages.testWrite();
  }

  async close(): Promise<void> {
    if (this.#pending.length > 0) this.#commit();
    this.#messages.close();
  }

  #read(room: string, after?: Position) {
    try {
      return this.#messages.read(room, after);
    } catch (error) {
      throw storeUnavailable(error);
    }
  }

  #announce(type: "user-joined" | "user-left", room: string, user: User): void {
    this.#deliver(room, JSON.stringify({ type, room, user }));
  }

  #deliver(room: string, frame: string): void {
    this.#listener?.deliver({ topic: roomTopic(room), frame });
  }
}
