// The message log in one SQLite file: offsets, retention, and keys that make a resend harmless.

import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { LIMITS } from "../limits.ts";
import type { ChatMessage, Position, Snapshot } from "../protocol.ts";
import { randomId } from "../random-id.ts";
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
/** A room is trimmed each time it has grown by so many messages: that touches fewer pages. */
const TRIM_EVERY = 100;
/** Rooms whose last offset is kept in memory. */
const HEADS = 10_000;

interface Row {
  readonly offset: number;
  readonly sender: string;
  readonly name: string;
  readonly text: string;
  readonly at: string;
}

/** What became of a draft. */
export interface Appended {
  readonly draft: Draft;
  readonly stored: Stored;
  /** False when the key was known: then `stored` says where the message was stored the first time. */
  readonly fresh: boolean;
}

export type History = Pick<Snapshot, "epoch" | "offset" | "recovered" | "messages">;

export class SqliteLog {
  readonly epoch: string;
  readonly #db: Database;
  readonly #keys: RecentKeys;
  /** Last offset of the rooms in use, so that a message costs no search for it. */
  readonly #heads = new Map<string, number>();
  readonly #findHead;
  readonly #since;
  readonly #insert;
  readonly #trim;

  /** @param path of the file; it is created, with its folder and an epoch of its own, if it isn't there. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const db = new Database(path, { create: true, strict: true });
    this.#db = db;
    // The timeout comes first: switching to WAL takes a lock that another process may hold.
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA journal_mode = WAL");
    // Survives a crash of the process. FULL survives a power cut as well, at one fsync a commit.
    db.run("PRAGMA synchronous = NORMAL");
    db.transaction(() => db.run(SCHEMA)).immediate();
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

  /** Stores all drafts in one transaction, in order: all of them, or none. */
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

  /** What came after the position, or the latest messages if that can't be told. */
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

  /** Changes nothing. @throws while nothing can be written. */
  tryWriting(): void {
    this.#db.run("UPDATE log SET epoch = epoch");
  }

  close(): void {
    this.#db.close();
  }

  #append(draft: Draft): Appended {
    const { room, from, text, at, key } = draft;
    const known = this.#keys.find(from.id, key);
    if (known) return { draft, stored: { ...known, epoch: this.epoch }, fresh: false };
    const offset = this.#head(room) + 1;
    this.#insert.run(room, offset, from.id, from.name, text, at);
    if (this.#heads.size >= HEADS) this.#heads.clear();
    this.#heads.set(room, offset);
    this.#keys.add(from.id, key, { room, offset });
    if (offset % TRIM_EVERY === 0) this.#trim.run(room, offset - LIMITS.history);
    return { draft, stored: { room, epoch: this.epoch, offset }, fresh: true };
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
  if (row === null) throw new Error("The message log has no epoch.");
  return row.epoch;
}
