// The message log in one SQLite file: offsets, retention, and keys that make a resend harmless.
import { Database } from "bun:sqlite";
import { LIMITS } from "../limits.ts";
import type { ChatMessage, Position, Snapshot } from "../protocol.ts";
import type { Draft, Stored } from "./store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS rooms (room TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS messages (
    room TEXT NOT NULL, offset INTEGER NOT NULL, sender TEXT NOT NULL, name TEXT NOT NULL,
    text TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (room, offset)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS keys (
    sender TEXT NOT NULL, key TEXT NOT NULL, room TEXT NOT NULL, offset INTEGER NOT NULL,
    expires INTEGER NOT NULL, PRIMARY KEY (sender, key)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS keys_by_expiry ON keys (expires);
`;

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
  readonly #appendAll: (drafts: readonly Draft[], now: number) => Appended[];
  readonly #head;
  readonly #since;

  /** @param path of the file; it is created, with its own epoch, if it isn't there. */
  constructor(path: string) {
    const db = new Database(path, { create: true, strict: true });
    this.#db = db;
    // The timeout comes first: switching to WAL takes a lock that another process may hold.
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA journal_mode = WAL");
    // Survives a crash of the process. FULL survives a power cut as well, at one fsync a commit.
    db.run("PRAGMA synchronous = NORMAL");
    db.transaction(() => db.run(SCHEMA)).immediate();
    this.epoch = this.#readEpoch();
    this.#head = db.query<{ offset: number }, [string]>("SELECT offset FROM rooms WHERE room = ?");
    this.#since = db.query<Row, [string, number]>(
      "SELECT offset, sender, name, text, at FROM messages WHERE room = ? AND offset > ? ORDER BY offset",
    );
    this.#appendAll = this.#prepareAppend();
  }

  /** Stores all drafts in one transaction, in order: all of them, or none. */
  append(drafts: readonly Draft[], now = Date.now()): Appended[] {
    return this.#appendAll(drafts, now);
  }

  /** What came after the position, or the latest messages if that can't be told or is too much. */
  read(room: string, after?: Position): History {
    const { epoch } = this;
    const offset = this.#head.get(room)?.offset ?? 0;
    if (after?.epoch === epoch && after.offset <= offset) {
      const messages = this.#messages(room, after.offset);
      const whole = messages.length === offset - after.offset && fits(messages);
      if (whole) return { epoch, offset, recovered: true, messages };
    }
    const messages = this.#messages(room, offset - LIMITS.latest);
    return { epoch, offset, recovered: false, messages };
  }

  close(): void {
    this.#db.close();
  }

  #messages(room: string, after: number): ChatMessage[] {
    return this.#since.all(room, after).map(({ offset, sender, name, text, at }) => {
      const from = { id: sender, name };
      return { type: "chat", room, epoch: this.epoch, offset, from, text, at };
    });
  }

  #readEpoch(): string {
    this.#db.run("INSERT INTO log SELECT ? WHERE NOT EXISTS (SELECT 1 FROM log)", [
      crypto.randomUUID(),
    ]);
    const row = this.#db.query<{ epoch: string }, []>("SELECT epoch FROM log").get();
    if (row === null) throw new Error("The message log has no epoch.");
    return row.epoch;
  }

  #prepareAppend(): (drafts: readonly Draft[], now: number) => Appended[] {
    const db = this.#db;
    const known = db.query<{ room: string; offset: number }, [string, string, number]>(
      "SELECT room, offset FROM keys WHERE sender = ? AND key = ? AND expires > ?",
    );
    const count = db.query<{ offset: number }, [string]>(
      "INSERT INTO rooms VALUES (?, 1) ON CONFLICT DO UPDATE SET offset = offset + 1 RETURNING offset",
    );
    const message = db.query("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)");
    const remember = db.query("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?)");
    const trim = db.query("DELETE FROM messages WHERE room = ? AND offset <= ?");
    const forget = db.query("DELETE FROM keys WHERE expires <= ?");

    const { epoch } = this;
    const append = (draft: Draft, now: number): Appended => {
      const { room, from, text, at, key } = draft;
      const first = known.get(from.id, key, now);
      if (first) return { draft, stored: { ...first, epoch }, fresh: false };
      const offset = count.get(room)?.offset ?? 1;
      message.run(room, offset, from.id, from.name, text, at);
      remember.run(from.id, key, room, offset, now + LIMITS.keyMs);
      trim.run(room, offset - LIMITS.history);
      return { draft, stored: { room, epoch, offset }, fresh: true };
    };
    const all = db.transaction((drafts: readonly Draft[], now: number) => {
      forget.run(now);
      return drafts.map((draft) => append(draft, now));
    });
    return all.immediate;
  }
}

/** A replay is one frame, and has to fit what may wait for a reader. */
export function fits(messages: readonly ChatMessage[]): boolean {
  let characters = 0;
  for (const { text } of messages) characters += text.length;
  return characters <= LIMITS.replayText;
}
