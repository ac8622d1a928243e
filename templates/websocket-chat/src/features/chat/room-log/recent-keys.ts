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
  readonly #load;
  /** Two generations of keys, because dropping the older one is far cheaper than deleting key by key. */
  #recent = new Map<string, Map<string, EventLocation>>();
  #older = new Map<string, Map<string, EventLocation>>();
  /** Keys in `#recent`. */
  #count = 0;

  /** @param limit remember at least this many keys, and at most twice as many. */
  constructor(db: Database, limit: number) {
    this.#limit = limit;
    // Oldest first, so that `add` drops the oldest. `keys` holds those of trimmed events, the oldest of their room.
    this.#load = db.query<Row, [number]>(
      `SELECT user, key, room, offset FROM
         (SELECT 1 AS part, * FROM keys UNION ALL
          SELECT 2, id, user, key, room, offset FROM events ORDER BY part DESC, id DESC LIMIT ?)
       ORDER BY part, id`,
    );
    this.reload();
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
    this.#count += 1;
    if (this.#count < this.#limit) return;
    this.#older = this.#recent;
    this.#recent = new Map();
    this.#count = 0;
  }

  /** Reads the table: at the start, and after a transaction was rolled back. */
  reload(): void {
    this.#recent.clear();
    this.#older.clear();
    this.#count = 0;
    for (const { user, key, room, offset } of this.#load.iterate(this.#limit)) {
      this.add(user, key, { room, offset });
    }
  }
}
