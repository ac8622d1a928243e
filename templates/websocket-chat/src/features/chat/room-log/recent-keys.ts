// Idempotency keys of the latest events: looked up in memory, stored with the events.
// An index on disk would touch a random page per key, which costs more than storing the event.
import type { Database } from "bun:sqlite";

export interface EventLocation {
  readonly room: string;
  readonly offset: number;
}

interface Row extends EventLocation {
  readonly user: string;
  readonly key: string;
}

export class RecentKeys {
  readonly #limit: number;
  /** Two generations of keys, because dropping the older one is far cheaper than deleting key by key. */
  #recent = new Map<string, Map<string, EventLocation>>();
  #older = new Map<string, Map<string, EventLocation>>();
  /** Keys in `#recent`. */
  #count = 0;
  /** The keys added since the last commit, and their users. Two lists, because one of pairs would allocate per key. */
  readonly #newKeys: string[] = [];
  readonly #newUsers: string[] = [];

  /** @param limit remember at least this many keys, and at most twice as many. */
  constructor(db: Database, limit: number) {
    this.#limit = limit;
    // The oldest first, because those are dropped first. The table `keys` has the keys of events that are not stored.
    const load = db.query<Row, [number]>(
      `SELECT * FROM
         (SELECT id, user, key, room, offset FROM keys UNION ALL
          SELECT id, user, key, room, offset FROM events ORDER BY id DESC LIMIT ?)
       ORDER BY id`,
    );
    for (const { user, key, room, offset } of load.iterate(limit))
      this.add(user, key, { room, offset });
    this.commit();
  }

  /** Where the event with this key is stored; undefined if the key is unknown. */
  find(user: string, key: string): EventLocation | undefined {
    return this.#recent.get(user)?.get(key) ?? this.#older.get(user)?.get(key);
  }

  /** Adds a key. The maps are nested because a combined key would have to be concatenated and hashed per event. */
  add(user: string, key: string, location: EventLocation): void {
    const keys = this.#recent.get(user);
    if (keys) keys.set(key, location);
    else this.#recent.set(user, new Map([[key, location]]));
    this.#newKeys.push(key);
    this.#newUsers.push(user);
  }

  /** Keeps the keys that were added. */
  commit(): void {
    this.#count += this.#newKeys.length;
    this.#newKeys.length = 0;
    this.#newUsers.length = 0;
    if (this.#count < this.#limit) return;
    this.#older = this.#recent;
    this.#recent = new Map();
    this.#count = 0;
  }

  /** Removes the keys that were added since the last commit, because their transaction was rolled back. */
  rollback(): void {
    for (const [index, user] of this.#newUsers.entries()) {
      const keys = this.#recent.get(user);
      keys?.delete(this.#newKeys[index] ?? "");
      if (keys?.size === 0) this.#recent.delete(user);
    }
    this.#newKeys.length = 0;
    this.#newUsers.length = 0;
  }
}
