// Keys of the latest messages: looked up in memory, kept in a table that only grows at its end.
// An index on disk would touch a page for each key, which costs more than storing the message.
import type { Database } from "bun:sqlite";

export interface Place {
  readonly room: string;
  readonly offset: number;
}

interface Row extends Place {
  readonly sender: string;
  readonly key: string;
}

/** The table is trimmed each time it has grown by this share. */
const SLACK = 0.1;

export class RecentKeys {
  readonly #limit: number;
  readonly #load;
  readonly #insert;
  readonly #trim;
  /** Two generations: forgetting the older one whole is far cheaper than deleting key by key. */
  #young = new Map<string, Map<string, Place>>();
  #old = new Map<string, Map<string, Place>>();
  /** Keys in `#young`. */
  #count = 0;
  #sinceTrim = 0;

  /** @param limit keys that are remembered at least; up to twice as many until the older half is forgotten. */
  constructor(db: Database, limit: number) {
    this.#limit = limit;
    this.#load = db.query<Row, [number]>(
      "SELECT * FROM (SELECT * FROM keys ORDER BY id DESC LIMIT ?) ORDER BY id",
    );
    this.#insert = db.query("INSERT INTO keys (sender, key, room, offset) VALUES (?, ?, ?, ?)");
    this.#trim = db.query("DELETE FROM keys WHERE id <= (SELECT max(id) FROM keys) - ?");
    this.reload();
  }

  /** Where the message with this key is stored, if it is remembered. */
  find(sender: string, key: string): Place | undefined {
    return this.#young.get(sender)?.get(key) ?? this.#old.get(sender)?.get(key);
  }

  /** Call it in the transaction that stores the message. */
  add(sender: string, key: string, { room, offset }: Place): void {
    this.#insert.run(sender, key, room, offset);
    this.#remember(sender, key, { room, offset });
    this.#sinceTrim += 1;
    if (this.#sinceTrim < this.#limit * SLACK) return;
    this.#trim.run(this.#limit);
    this.#sinceTrim = 0;
  }

  /** Reads the table again: after a start, and after a transaction that failed. */
  reload(): void {
    this.#young.clear();
    this.#old.clear();
    this.#count = 0;
    for (const { sender, key, room, offset } of this.#load.iterate(this.#limit)) {
      this.#remember(sender, key, { room, offset });
    }
  }

  /** By sender, then by key: a name made of both would have to be put together and hashed for each message. */
  #remember(sender: string, key: string, place: Place): void {
    const keys = this.#young.get(sender);
    if (keys) keys.set(key, place);
    else this.#young.set(sender, new Map([[key, place]]));
    this.#count += 1;
    if (this.#count < this.#limit) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#count = 0;
  }
}
