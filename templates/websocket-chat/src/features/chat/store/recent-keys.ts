// Idempotency keys of the latest messages: looked up in memory, stored in a table that is only appended to.
// An index on disk would touch a random page per key, which costs more than storing the message.
import type { Database } from "bun:sqlite";

export interface MessageLocation {
  readonly room: string;
  readonly offset: number;
}

interface Row extends MessageLocation {
  readonly sender: string;
  readonly key: string;
}

/** Trim the table when it exceeds the limit by this fraction. */
const SLACK = 0.1;

export class RecentKeys {
  readonly #limit: number;
  readonly #load;
  readonly #insert;
  readonly #trim;
  /** Two generations: dropping the older one is far cheaper than deleting key by key. */
  #recent = new Map<string, Map<string, MessageLocation>>();
  #older = new Map<string, Map<string, MessageLocation>>();
  /** Keys in `#recent`. */
  #count = 0;
  #sinceTrim = 0;

  /** @param limit remember at least this many keys, and at most twice as many. */
  constructor(db: Database, limit: number) {
    this.#limit = limit;
    this.#load = db.query<Row, [number]>(
      "SELECT * FROM (SELECT * FROM keys ORDER BY id DESC LIMIT ?) ORDER BY id",
    );
    this.#insert = db.query("INSERT INTO keys (sender, key, room, offset) VALUES (?, ?, ?, ?)");
    this.#trim = db.query("DELETE FROM keys WHERE id <= (SELECT max(id) FROM keys) - ?");
    this.reload();
  }

  /** Where the message with this key is stored; undefined if the key is unknown. */
  find(sender: string, key: string): MessageLocation | undefined {
    return this.#recent.get(sender)?.get(key) ?? this.#older.get(sender)?.get(key);
  }

  /** Call it within the transaction that stores the message. */
  add(sender: string, key: string, { room, offset }: MessageLocation): void {
    this.#insert.run(sender, key, room, offset);
    this.#remember(sender, key, { room, offset });
    this.#sinceTrim += 1;
    if (this.#sinceTrim < this.#limit * SLACK) return;
    this.#trim.run(this.#limit);
    this.#sinceTrim = 0;
  }

  /** Reads the table: at the start, and after a transaction was rolled back. */
  reload(): void {
    this.#recent.clear();
    this.#older.clear();
    this.#count = 0;
    for (const { sender, key, room, offset } of this.#load.iterate(this.#limit)) {
      this.#remember(sender, key, { room, offset });
    }
  }

  /** Nested maps: a combined key would have to be concatenated and hashed for every message. */
  #remember(sender: string, key: string, location: MessageLocation): void {
    const keys = this.#recent.get(sender);
    if (keys) keys.set(key, location);
    else this.#recent.set(sender, new Map([[key, location]]));
    this.#count += 1;
    if (this.#count < this.#limit) return;
    this.#older = this.#recent;
    this.#recent = new Map();
    this.#count = 0;
  }
}
