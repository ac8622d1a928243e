// The log of messages in a SQLite file, for one process and with no server to run.
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Appended, Listener, Message, MessageLog, Page } from "./log.ts";
import { LogUnavailable } from "./log.ts";

/** `epoch` tells the ids of this log from those of another, e.g. of one that was deleted. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, at TEXT NOT NULL, key TEXT UNIQUE
  ) STRICT;
  CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL) STRICT;
  INSERT INTO log SELECT lower(hex(randomblob(4))) WHERE NOT EXISTS (SELECT 1 FROM log);`;

/** Where a log that never held a message starts. */
const START = "0";

interface Row {
  readonly seq: number;
  readonly text: string;
  readonly at: string;
}

interface Waiting extends PromiseWithResolvers<Appended> {
  readonly text: string;
  readonly key: string | null;
}

export class SqliteLog implements MessageLog {
  readonly #db: Database;
  readonly #epoch: string;
  readonly #page;
  readonly #one;
  readonly #newest;
  readonly #byKey;
  readonly #insert;
  readonly #trim;
  readonly #insertAll: (batch: readonly Waiting[]) => Appended[];
  readonly #listeners: Listener[] = [];
  #waiting: Waiting[] = [];

  /** Opens the file, or makes it. @param keep messages to keep, at the most. */
  constructor(file: string, keep: number) {
    mkdirSync(dirname(file), { recursive: true });
    const db = new Database(file, { strict: true });
    // First: without it, a file that another process is just closing would be an error.
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA journal_mode = WAL");
    // Each commit reaches the disk before it is acknowledged: it survives kill -9 and a power cut.
    db.run("PRAGMA synchronous = FULL");
    db.transaction(() => db.run(SCHEMA)).immediate();
    this.#db = db;
    this.#epoch = db.query<{ epoch: string }, []>("SELECT epoch FROM log").get()?.epoch ?? "";
    const columns = "SELECT seq, text, at FROM messages";
    // `+?`, not `?`: SQLite would plan the query again for each value of a bare one.
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
    this.#insertAll = db.transaction((batch: readonly Waiting[]) => {
      const results = batch.map((waiting) => this.#add(waiting));
      this.#trim.run(keep);
      return results;
    }).immediate;
  }

  /** What is posted in one turn of the event loop is one transaction: one wait for the disk for all. */
  append(text: string, key?: string): Promise<Appended> {
    const waiting = { ...Promise.withResolvers<Appended>(), text, key: key ?? null };
    if (this.#waiting.push(waiting) === 1) setImmediate(() => this.#commit());
    return waiting.promise;
  }

  #commit(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    let results: readonly Appended[];
    try {
      results = this.#insertAll(batch);
    } catch (cause) {
      for (const waiting of batch) waiting.reject(unavailable(cause));
      return;
    }
    const created = results.filter(({ outcome }) => outcome === "created");
    const messages = created.map(({ message }) => message);
    for (const listener of this.#listeners) if (messages.length > 0) listener(messages, true);
    results.forEach((result, index) => {
      batch[index]?.resolve(result);
    });
  }

  #add({ text, key }: Waiting): Appended {
    const seen = key === null ? null : this.#byKey.get(key);
    if (seen) {
      const outcome = seen.text === text ? "repeated" : "conflict";
      return { outcome, message: this.#message(seen) };
    }
    const row = this.#insert.get(text, new Date().toISOString(), key);
    if (!row) throw new LogUnavailable("The message was not stored.");
    return { outcome: "created", message: this.#message(row) };
  }

  read(after: string | undefined, limit: number): Page {
    if (after !== undefined) {
      // From `after` itself on: if it comes first, nothing between it and the next one was dropped.
      const [first, ...rest] = this.#rows(this.#seq(after), limit + 1);
      if (first?.id === after) return { messages: rest, complete: true };
    }
    const messages = this.#rows(0, limit);
    if (after === undefined) return { messages, complete: true };
    const whole = this.#seq(messages[0]?.id ?? START) <= 1;
    return { messages, complete: after === START && whole };
  }

  newest(limit: number): Message[] {
    const rows = this.#newest.all(limit).reverse();
    return rows.map((row) => this.#message(row));
  }

  get(id: string): Message | undefined {
    const row = this.#one.get(this.#seq(id));
    return row ? this.#message(row) : undefined;
  }

  follow(listener: Listener): string {
    this.#listeners.push(listener);
    return this.newest(1)[0]?.id ?? START;
  }

  ready(): boolean {
    this.newest(1);
    return true;
  }

  close(): void {
    this.#commit();
    this.#db.close();
  }

  #rows(from: number, limit: number): Message[] {
    return this.#page.all(from, limit).map((row) => this.#message(row));
  }

  #message({ seq, text, at }: Row): Message {
    return { id: `${this.#epoch}-${seq}`, text, at };
  }

  /** The position that `id` names in this log, or 0. */
  #seq(id: string): number {
    const [epoch, seq] = id.split("-");
    return epoch === this.#epoch && /^[1-9]\d{0,14}$/.test(seq ?? "") ? Number(seq) : 0;
  }
}

function unavailable(cause: unknown): LogUnavailable {
  return new LogUnavailable("The message log cannot be written now.", { cause });
}
