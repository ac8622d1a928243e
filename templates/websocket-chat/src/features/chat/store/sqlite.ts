// The messages in a SQLite file: offsets, retention, and the idempotency keys of the latest ones.
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { LIMITS } from "../../../limits.ts";
import type { ChatMessage, Position, Snapshot } from "../../../protocol.ts";
import { randomId } from "../../../random-id.ts";
import { RecentKeys } from "./recent-keys.ts";
import type { Draft, Stored } from "./store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS messages (
    room TEXT NOT NULL, offset INTEGER NOT NULL, sender TEXT NOT NULL, name TEXT NOT NULL,
    text TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (room, offset)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS keys (
    id INTEGER PRIMARY KEY, sender TEXT NOT NULL, key TEXT NOT NULL,
    room TEXT NOT NULL, offset INTEGER NOT NULL);
`;
/** Trim a room only after this many new messages: a trim per message would touch more pages. */
const TRIM_EVERY = 100;
/** Rooms whose latest offset is cached. */
const HEADS = 10_000;

interface Row {
  readonly offset: number;
  readonly sender: string;
  readonly name: string;
  readonly text: string;
  readonly at: string;
}

/** The result of appending a draft. */
export interface Appended {
  readonly draft: Draft;
  readonly stored: Stored;
  /** False if the key was known: `stored` is then where the message was stored the first time. */
  readonly isNew: boolean;
}

export type History = Pick<Snapshot, "epoch" | "offset" | "recovered" | "messages">;

export class SqliteMessages {
  readonly epoch: string;
  readonly #db: Database;
  readonly #keys: RecentKeys;
  /** Latest offset per room, so that storing a message does not have to query it. */
  readonly #heads = new Map<string, number>();
  readonly #findHead;
  readonly #since;
  readonly #insert;
  readonly #trim;

  /** Opens or creates the file. A new file gets a new epoch. @param path of the file. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const db = new Database(path, { create: true, strict: true });
    this.#db = db;
    // First: switching to WAL takes a lock, and without a timeout a lock of another process is an error.
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA journal_mode = WAL");
    // A commit survives a crash of the process. FULL also survives a power failure, at one fsync per commit.
    db.run("PRAGMA synchronous = NORMAL");
    db.transaction(() => db.run(SCHEMA)).immediate();
    // From now on the event loop waits for a lock that another process holds, so not for long.
    db.run("PRAGMA busy_timeout = 250");
    this.epoch = readEpoch(db);
    this.#keys = new RecentKeys(db, LIMITS.keys);
    this.#findHead = db.query<{ offset: number | null }, [string]>(
      "SELECT max(offset) AS offset FROM messages WHERE room = ?",
    );
    this.#since = db.query<Row, [string, number]>(
      "SELECT offset, sender, name, text, at FROM messages WHERE room = ? AND offset > ? ORDER BY offset",
    );
    this.#insert = db.query("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)");
    this.#trim = db.query("DELETE FROM messages WHERE room = ? AND offset <= ?");
  }

  /** Stores all drafts in order, in one transaction: all of them or none. */
  append(drafts: readonly Draft[]): Appended[] {
    const appendAll = this.#db.transaction(() => drafts.map((draft) => this.#append(draft)));
    try {
      return appendAll.immediate();
    } catch (error) {
      this.#heads.clear();
      this.#keys.reload();
      throw error;
    }
  }

  /** The messages after the position; the latest ones if it cannot be continued. */
  read(room: string, after?: Position): History {
    const { epoch } = this;
    const offset = this.#head(room);
    const oldest = Math.max(0, offset - LIMITS.history);
    if (after?.epoch === epoch && after.offset >= oldest && after.offset <= offset) {
      const messages = this.#messages(room, after.offset);
      return { epoch, offset, recovered: true, messages };
    }
    const messages = this.#messages(room, offset - LIMITS.latest);
    return { epoch, offset, recovered: false, messages };
  }

  /** Writes without changing anything. @throws if the file is read-only or the disk is full. */
  testWrite(): void {
    this.#db.run("UPDATE log SET epoch = epoch");
  }

  close(): void {
    this.#db.close();
  }

  #append(draft: Draft): Appended {
    const { room, from, text, at, key } = draft;
    const known = this.#keys.find(from.id, key);
    if (known) return { draft, stored: { ...known, epoch: this.epoch }, isNew: false };
    const offset = this.#head(room) + 1;
    this.#insert.run(room, offset, from.id, from.name, text, at);
    if (this.#heads.size >= HEADS) this.#heads.clear();
    this.#heads.set(room, offset);
    this.#keys.add(from.id, key, { room, offset });
    if (offset % TRIM_EVERY === 0) this.#trim.run(room, offset - LIMITS.history);
    return { draft, stored: { room, epoch: this.epoch, offset }, isNew: true };
  }

  #head(room: string): number {
    return this.#heads.get(room) ?? this.#findHead.get(room)?.offset ?? 0;
  }

  #messages(room: string, after: number): ChatMessage[] {
    return this.#since.all(room, after).map(({ offset, sender, name, text, at }) => {
      const from = { id: sender, name };
      return { type: "chat", room, epoch: this.epoch, offset, from, text, at };
    });
  }
}

function readEpoch(db: Database): string {
  const epoch = randomId();
  db.run("INSERT INTO log SELECT ? WHERE NOT EXISTS (SELECT 1 FROM log)", [epoch]);
  const row = db.query<{ epoch: string }, []>("SELECT epoch FROM log").get();
  if (row === null) throw new Error("The database has no epoch.");
  return row.epoch;
}
