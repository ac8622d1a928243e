// The idempotency keys of the latest events of the SQLite log, in memory.
import type { Database } from "bun:sqlite";

interface EventLocation {
  readonly room: string;
  readonly offset: number;
}

/** The part of an event that identifies it: a key is unique per user. */
interface KeyOwner {
  readonly from: { readonly id: string };
  readonly key: string;
}

/**
 * The keys are stored with the events, and looked up here: an index on disk would touch a random page per key, which costs
 * more than storing the event.
 */
export class RecentKeys {
  readonly #db: Database;
  readonly #limit: number;
  /** Locations by user and key: a combined key would have to be concatenated and hashed per event. */
  #recent = new Map<string, Map<string, EventLocation>>();
  /** The generation before `#recent`: dropping it is far cheaper than deleting key by key. */
  #older = new Map<string, Map<string, EventLocation>>();
  /** Committed keys in `#recent`. */
  #count = 0;
  /** The events whose keys were added since the last commit. */
  #uncommitted: KeyOwner[] = [];

  /** @param limit remember at least this many keys, and about twice as many at most. */
  constructor(db: Database, limit: number) {
    this.#db = db;
    this.#limit = limit;
    this.load(0);
  }

  /** Reads the newest keys that were stored after the event with this id, in the order of their events. */
  load(lastId: number): void {
    // The table `keys` has the keys of events that are not stored.
    const select = this.#db.query<
      EventLocation & { readonly user: string; readonly key: string },
      { lastId: number; limit: number }
    >(
      `SELECT * FROM
         (SELECT id, user, key, room, offset FROM keys WHERE id > $lastId UNION ALL
          SELECT id, user, key, room, offset FROM events WHERE id > $lastId ORDER BY id DESC LIMIT $limit)
       ORDER BY id`,
    );
    for (const { user, key, room, offset } of select.iterate({ lastId, limit: this.#limit }))
      this.add({ from: { id: user }, key }, { room, offset });
    this.commit();
  }

  /** Where the event with this key is stored; undefined if the key is unknown. */
  find(userId: string, key: string): EventLocation | undefined {
    return this.#recent.get(userId)?.get(key) ?? this.#older.get(userId)?.get(key);
  }

  add(event: KeyOwner, location: EventLocation): void {
    const { from, key } = event;
    this.#recent.getOrInsertComputed(from.id, () => new Map()).set(key, location);
    this.#uncommitted.push(event);
  }

  /** Keeps the keys that were added. */
  commit(): void {
    this.#count += this.#uncommitted.length;
    this.#uncommitted = [];
    if (this.#count < this.#limit) return;
    this.#older = this.#recent;
    this.#recent = new Map();
    this.#count = 0;
  }

  /** Removes the keys that were added since the last commit, because their transaction was rolled back. */
  rollback(): void {
    for (const { from, key } of this.#uncommitted) {
      const keys = this.#recent.get(from.id);
      keys?.delete(key);
      if (keys?.size === 0) this.#recent.delete(from.id);
    }
    this.#uncommitted = [];
  }
}
