// The message store in a SQLite file: for one process, with no server to run.
import { Database, SQLiteError } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { storeUnavailable } from "#lib/http";
import { SqliteFile } from "#lib/sqlite-file";
import { SqliteReads } from "#lib/sqlite-reads";
import { migrate } from "./migrations.ts";
import { lock } from "./sqlite-lock.ts";
import { COLUMNS, type Direction, findRow, type Row, selectRows } from "./sqlite-queries.ts";
import { dropOldest, type Extent, readExtent } from "./sqlite-retention.ts";
import {
  type Appended,
  type Listener,
  type Message,
  type MessageStore,
  type NewMessage,
  type Page,
  type Query,
  resultOfRepeat,
  serializeData,
} from "./store.ts";

/** Bytes that `ready` writes: more than a message, so that a disk with less free space is not ready. */
const PROBE_BYTES = 32 * 1024;

/** The cursor of a store that never held a message. */
const START = "0";

interface Pending extends PromiseWithResolvers<Appended> {
  readonly message: NewMessage;
  /** The data of the message. */
  readonly json: string;
}

export class SqliteMessages implements MessageStore {
  // #region jobs
  readonly instance: string = crypto.randomUUID();
  // #endregion
  /** Held until `close`, so that no other process of this service uses the file. */
  readonly #lock: Database;
  readonly #db: Database;
  readonly #file: SqliteFile;
  readonly #reads: SqliteReads;
  /** Prefix of all ids, random for each file: ids of an earlier file are not accepted. */
  readonly #epoch: string;
  readonly #keep: number;
  /** What the file holds. Cached, because each read needs it, and reading it from the file would cost more than a commit. */
  #extent: Extent;
  readonly #insertStatement;
  readonly #listeners: Listener[] = [];
  #pending: Pending[] = [];

  /**
   * Opens or creates the file. @param keep messages to retain; older ones are dropped.
   * @throws {StartError} if another process uses the file.
   */
  constructor(file: string, keep: number) {
    mkdirSync(dirname(file), { recursive: true });
    this.#lock = lock(file);
    const db = new Database(file, { strict: true });
    // Set first: without a timeout, opening a file that another process is closing would fail as locked.
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA journal_mode = WAL");
    // Each commit reaches the disk before it is acknowledged: it survives kill -9 and a power failure.
    db.run("PRAGMA synchronous = FULL");
    migrate(db);
    const reader = new Database(file, { strict: true, readonly: true });
    // Shorter from here on, because waiting for another process's lock blocks the event loop.
    for (const connection of [db, reader]) connection.run("PRAGMA busy_timeout = 250");
    this.#db = db;
    this.#file = new SqliteFile(db);
    this.#reads = new SqliteReads(reader);
    this.#epoch = db.query<{ epoch: string }, []>("SELECT epoch FROM log").get()?.epoch ?? "";
    this.#keep = keep;
    this.#extent = readExtent(db);
    this.#insertStatement = db.query<Row, [string, string, string, string, string | null]>(
      `INSERT INTO messages (topic, event, data, at, key) VALUES (?, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
    );
  }

  /** Group commit: all messages appended in the same tick share one transaction and one fsync. */
  async append(message: NewMessage): Promise<Appended> {
    // Before the message is queued: an error in the shared transaction would reject the other messages of this tick, too.
    const json = serializeData(message);
    const pending = { ...Promise.withResolvers<Appended>(), message, json };
    if (this.#pending.push(pending) === 1) setImmediate(() => this.#commit());
    return pending.promise;
  }

  #commit(): void {
    const batch = this.#pending;
    this.#pending = [];
    let results: readonly Appended[];
    try {
      results = this.#write(() => batch.map((pending) => this.#appendOne(pending)));
    } catch (error) {
      for (const pending of batch) pending.reject(toProblem(error));
      return;
    }
    // Before the listeners, because one that throws would leave the promises unsettled.
    results.forEach((result, index) => {
      batch[index]?.resolve(result);
    });
    const created = results.filter(({ outcome }) => outcome === "created");
    this.#publish(created.map(({ message }) => message));
  }

  #publish(messages: readonly Message[]): void {
    const newest = messages.at(-1);
    if (!newest) return;
    // Without a gap: no other process writes to the file, so the listeners receive every message.
    for (const listener of this.#listeners) listener(messages, false, newest.id);
  }

  #appendOne({ message, json }: Pending): Appended {
    // #region jobs
    // `endKey` is the key of the last message of a job. Once that is stored, the job gets no other message.
    const end = this.#withKey(message.endKey);
    if (end) return { outcome: "conflict", message: end };
    // Before the check for repeats: a message that is not added, because its key is known, also changes the state.
    this.#writeState(message, json);
    // #endregion
    const stored = this.#withKey(message.key);
    if (stored) return resultOfRepeat(stored, message);
    return { outcome: "created", message: this.#insert(message, json) };
  }

  // #region jobs
  #writeState({ topic, state }: NewMessage, json: string): void {
    if (state === "set") this.#db.run("REPLACE INTO states VALUES (?, ?)", [topic, json]);
    if (state === "remove") this.#db.run("DELETE FROM states WHERE topic = ?", [topic]);
  }

  // #endregion
  /** The stored message with this idempotency key, including messages of the open transaction. */
  #withKey(key: string | undefined): Message | undefined {
    const row = key === undefined ? null : findRow(this.#db, "key", key);
    return row ? this.#message(row) : undefined;
  }

  #insert({ topic, event, key }: Omit<NewMessage, "data">, json: string): Message {
    const at = new Date().toISOString();
    const row = this.#insertStatement.get(topic, event, json, at, key ?? null);
    if (!row) throw new Error("SQLite returned no row for an INSERT.");
    return this.#message(row);
  }

  async delete(id: string): Promise<boolean> {
    const deletion = withProblems(() => this.#write(() => this.#replaceByDeletion(id)));
    if (deletion) this.#publish([deletion]);
    return deletion !== undefined;
  }

  /** The deletion keeps the idempotency key, so that a repeated request does not add the message again. */
  #replaceByDeletion(id: string): Message | undefined {
    const seq = this.#seq(id);
    const row = findRow(this.#db, "seq", seq);
    if (row?.event !== "message") return undefined;
    this.#db.run("DELETE FROM messages WHERE seq = ?", [seq]);
    const { topic } = row;
    const key = row.key ?? undefined;
    return this.#insert({ topic, event: "deleted", key }, JSON.stringify({ id }));
  }

  async read(query: Query & { readonly after: string | undefined }): Promise<Page> {
    const { after, limit } = query;
    return withProblems(() => {
      const hasGap = after !== undefined && !this.#canContinue(after);
      const from = after === undefined || hasGap ? 0 : this.#seq(after);
      const messages = this.#select(query, ">", from);
      const last = messages.at(-1);
      // A page that is not full ends at the head, which may be a newer message of another topic.
      const cursor = last && messages.length === limit ? last.id : this.#head;
      return { messages, hasGap, cursor };
    });
  }

  /** Whether the cursor is one of this file, and no message after it was dropped. */
  #canContinue(cursor: string): boolean {
    const { newest, lastDropped } = this.#extent;
    const seq = this.#seq(cursor);
    const isKnown = cursor === START || (seq > 0 && seq <= newest);
    return isKnown && seq >= lastDropped;
  }

  async newest(query: Query): Promise<Message[]> {
    return withProblems(() => this.#select(query, "<", Number.MAX_SAFE_INTEGER).reverse());
  }

  async get(id: string): Promise<Message | undefined> {
    return this.#find("seq", this.#seq(id));
  }

  #find(column: "seq" | "key", value: number | string): Message | undefined {
    const row = withProblems(() => this.#reads.read((reader) => findRow(reader, column, value)));
    return row ? this.#message(row) : undefined;
  }

  subscribe(listener: Listener): string {
    this.#listeners.push(listener);
    return this.#head;
  }

  /** The cursor after the newest message. */
  get #head(): string {
    const { newest } = this.#extent;
    return newest > 0 ? this.#id(newest) : START;
  }

  // #region jobs
  async getByKey(key: string): Promise<Message | undefined> {
    return this.#find("key", key);
  }

  async states(): Promise<ReadonlyMap<string, Message["data"]>> {
    const select = "SELECT topic, data FROM states";
    const rows = withProblems(() =>
      this.#reads.read((db) => db.query<Pick<Row, "topic" | "data">, []>(select).all()),
    );
    return new Map(rows.map(({ topic, data }) => [topic, parseData(data)]));
  }

  /** Always false: only one process can use the file, so every other instance that started a job has ended. */
  async isAlive(_instance: string): Promise<boolean> {
    return false;
  }

  // #endregion
  /** Reads a message, and writes a row and commits it, because a full or read-only disk is only noticed on a write. */
  async ready(): Promise<void> {
    await this.newest({ patterns: ["*"], limit: 1 });
    const probe = "REPLACE INTO probe VALUES (1, zeroblob(?))";
    withProblems(() => this.#write(() => this.#db.run(probe, [PROBE_BYTES])));
  }

  close(): void {
    this.#commit();
    // The writer last, because a read-only connection cannot remove the WAL.
    this.#reads.close();
    this.#db.close();
    this.#lock.close();
  }

  /**
   * Runs `work` and drops the oldest messages in one transaction. All reads of a tick share a read transaction, which is
   * ended first; otherwise later reads of the tick would not see what `work` writes.
   */
  #write<T>(work: () => T): T {
    this.#file.check();
    this.#reads.end();
    const transaction = this.#db.transaction(() => {
      const result = work();
      return { result, extent: dropOldest(this.#db, this.#keep, this.#extent) };
    });
    const { result, extent } = transaction.immediate();
    // Set after the commit: a rollback must not change the cached extent.
    this.#extent = extent;
    return result;
  }

  #select(query: Query, direction: Direction, from: number): Message[] {
    const rows = this.#reads.read((reader) => selectRows(reader, query, direction, from));
    return rows.map((row) => this.#message(row));
  }

  #message({ seq, topic, event, data, at }: Row): Message {
    return { id: this.#id(seq), topic, event, data: parseData(data), at };
  }

  #id(seq: number): string {
    return `${this.#epoch}-${seq}`;
  }

  /** The row number in an id of this file; 0, which no row has, for any other text. */
  #seq(id: string): number {
    const seq = Number(id.slice(this.#epoch.length + 1));
    // Compared as a whole: a longer text must not count as the id that it starts with.
    return Number.isSafeInteger(seq) && seq > 0 && id === this.#id(seq) ? seq : 0;
  }
}

/** The data of a row. A row that was edited with SQL may not contain JSON: then it is the text of a message. */
function parseData(json: string): Message["data"] {
  try {
    return JSON.parse(json);
  } catch {
    return { text: json };
  }
}

/** Runs `query`, and turns an error of SQLite into a 503 or 507 `Problem`. */
function withProblems<T>(query: () => T): T {
  try {
    return query();
  } catch (error) {
    throw toProblem(error);
  }
}

/** Maps an error of SQLite, e.g. a disk error or a lock that is held too long, to a `Problem`. Any other error is a bug. */
function toProblem(error: unknown): unknown {
  return error instanceof SQLiteError ? storeUnavailable(error) : error;
}
