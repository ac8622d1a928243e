// The message store in a SQLite file: for one process, with no server to run.
import { Database, SQLiteError } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { storeUnavailable } from "#lib/http";
import type { Appended, Listener, Message, MessageStore, Page } from "./store.ts";

/** `epoch` is a random prefix of all ids, so that ids of an older, deleted file are not accepted. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, at TEXT NOT NULL, key TEXT UNIQUE
  ) STRICT;
  CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL) STRICT;
  INSERT INTO log SELECT lower(hex(randomblob(4))) WHERE NOT EXISTS (SELECT 1 FROM log);
  CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;`;

/** Bytes that `ready` writes: more than a message, so that a disk with less free space is not ready. */
const PROBE_BYTES = 32 * 1024;

/** The cursor of a store that never held a message. */
const START = "0";

interface Row {
  readonly seq: number;
  readonly text: string;
  readonly at: string;
}

interface Pending extends PromiseWithResolvers<Appended> {
  readonly text: string;
  readonly key: string | null;
}

export class SqliteMessages implements MessageStore {
  readonly #db: Database;
  readonly #epoch: string;
  readonly #page;
  readonly #one;
  readonly #newest;
  readonly #byKey;
  readonly #insert;
  readonly #trim;
  readonly #insertAll: (batch: readonly Pending[]) => Appended[];
  readonly #listeners: Listener[] = [];
  #pending: Pending[] = [];

  /** Opens or creates the file. @param keep messages to retain; older ones are deleted. */
  constructor(file: string, keep: number) {
    mkdirSync(dirname(file), { recursive: true });
    const db = new Database(file, { strict: true });
    // First: without a timeout, a file that another process is just closing would be an error.
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA journal_mode = WAL");
    // Each commit reaches the disk before it is acknowledged: it survives kill -9 and a power failure.
    db.run("PRAGMA synchronous = FULL");
    db.transaction(() => db.run(SCHEMA)).immediate();
    // From now on the event loop waits for a lock that another process holds, so not for long.
    db.run("PRAGMA busy_timeout = 250");
    this.#db = db;
    this.#epoch = db.query<{ epoch: string }, []>("SELECT epoch FROM log").get()?.epoch ?? "";
    const columns = "SELECT seq, text, at FROM messages";
    // `+?` instead of `?`: otherwise SQLite plans the query again for each value.
    this.#page = db.query<Row, [number, number]>(`${columns} WHERE seq >= ? ORDER BY seq LIMIT +?`);
    this.#one = db.query<Row, [number]>(`${columns} WHERE seq = ?`);
    this.#newest = db.query<Row, [number]>(`${columns} ORDER BY seq DESC LIMIT +?`);
    this.#byKey = db.query<Row, [string]>(`${columns} WHERE key = ?`);
    this.#insert = db.query<Row, [string, string, string | null]>(
      "INSERT INTO messages (text, at, key) VALUES (?, ?, ?) RETURNING seq, text, at",
    );
    this.#trim = db.query<null, [number]>(
      "DELETE FROM messages WHERE seq <= (SELECT max(seq) FROM messages) - ?",
    );
    this.#insertAll = db.transaction((batch: readonly Pending[]) => {
      const results = batch.map((pending) => this.#add(pending));
      this.#trim.run(keep);
      return results;
    }).immediate;
  }

  /** Group commit: all messages appended in the same tick share one transaction and one fsync. */
  append(text: string, key?: string): Promise<Appended> {
    const pending = { ...Promise.withResolvers<Appended>(), text, key: key ?? null };
    if (this.#pending.push(pending) === 1) setImmediate(() => this.#commit());
    return pending.promise;
  }

  #commit(): void {
    const batch = this.#pending;
    this.#pending = [];
    let results: readonly Appended[];
    try {
      results = this.#insertAll(batch);
    } catch (cause) {
      for (const pending of batch) pending.reject(storeUnavailable(cause));
      return;
    }
    const created = results.filter(({ outcome }) => outcome === "created");
    const messages = created.map(({ message }) => message);
    for (const listener of this.#listeners) if (messages.length > 0) listener(messages, false);
    results.forEach((result, index) => {
      batch[index]?.resolve(result);
    });
  }

  #add({ text, key }: Pending): Appended {
    const seen = key === null ? null : this.#byKey.get(key);
    if (seen) {
      const outcome = seen.text === text ? "repeated" : "conflict";
      return { outcome, message: this.#message(seen) };
    }
    const row = this.#insert.get(text, new Date().toISOString(), key);
    if (!row) throw new Error("SQLite returned no row for an INSERT.");
    return { outcome: "created", message: this.#message(row) };
  }

  async read(after: string | undefined, limit: number): Promise<Page> {
    if (after !== undefined) {
      // Starts at `after` itself: if that row exists, nothing between it and the next one was dropped.
      const [first, ...rest] = this.#rows(this.#seq(after), limit + 1);
      if (first?.id === after) return { messages: rest, hasGap: false };
    }
    const messages = this.#rows(0, limit);
    if (after === undefined) return { messages, hasGap: false };
    const isComplete = this.#seq(messages[0]?.id ?? START) <= 1;
    return { messages, hasGap: after !== START || !isComplete };
  }

  async newest(limit: number): Promise<Message[]> {
    return this.#newestRows(limit);
  }

  async get(id: string): Promise<Message | undefined> {
    const row = available(() => this.#one.get(this.#seq(id)));
    return row ? this.#message(row) : undefined;
  }

  subscribe(listener: Listener): string {
    this.#listeners.push(listener);
    return this.#newestRows(1)[0]?.id ?? START;
  }

  /** Writes a row and commits it: a full or read-only disk fails only then. */
  async ready(): Promise<void> {
    available(() => this.#db.run("REPLACE INTO probe VALUES (1, zeroblob(?))", [PROBE_BYTES]));
  }

  close(): void {
    this.#commit();
    this.#db.close();
  }

  #newestRows(limit: number): Message[] {
    return available(() => this.#newest.all(limit))
      .reverse()
      .map((row) => this.#message(row));
  }

  #rows(from: number, limit: number): Message[] {
    return available(() => this.#page.all(from, limit)).map((row) => this.#message(row));
  }

  #message({ seq, text, at }: Row): Message {
    return { id: `${this.#epoch}-${seq}`, text, at };
  }

  /** The row number in an id of this file; 0 for any other text. */
  #seq(id: string): number {
    const [epoch, seq] = id.split("-");
    return epoch === this.#epoch && /^[1-9]\d{0,14}$/.test(seq ?? "") ? Number(seq) : 0;
  }
}

/** @throws {Problem} 503 for an error of SQLite, e.g. a disk error or a lock that is held too long. */
function available<T>(query: () => T): T {
  try {
    return query();
  } catch (error) {
    throw error instanceof SQLiteError ? storeUnavailable(error) : error;
  }
}
