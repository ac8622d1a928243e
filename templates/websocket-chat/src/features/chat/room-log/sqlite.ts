// The log of a single process, in a SQLite file: events, the current state of their messages, and retention.
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { SqliteFile } from "#lib/sqlite-file";
import { applyEvent } from "../../../apply-event.ts";
import { FrameError } from "../../../frame-error.ts";
import { LIMITS } from "../../../limits.ts";
import { type Message, type Position, type RoomEvent, targetOf } from "../../../protocol.ts";
import { type Listener, roomTopic } from "../hub.ts";
import { Epoch } from "./epoch.ts";
import { migrate } from "./migrations.ts";
import { RecentKeys } from "./recent-keys.ts";
import type { Draft, History, RoomLog, Stored } from "./room-log.ts";

/** Trim a room only after this many new events: a trim per event would touch more pages. */
const TRIM_EVERY = 500;
/** Rooms whose latest offset is cached. */
const CACHED_HEADS = 10_000;

/** What `ready` writes. It is longer than most events, so a disk that is too full for them is reported as not ready. */
const PROBE = " ".repeat(32 * 1024);

/** The value of the column `message` once the message is deleted. */
const DELETED = "";
const IS_MESSAGE = `target IS NULL AND message IS NOT '${DELETED}'`;

interface MessageRow {
  readonly frame: string;
  /** The encoded state of the message; null until another event changes it. */
  readonly message: string | null;
}

interface Pending extends PromiseWithResolvers<Stored> {
  readonly draft: Draft;
}

/** The result of appending one draft in a transaction. */
interface Appended {
  readonly stored: Stored;
  /** The encoded event, unless it was stored before or changes nothing. */
  readonly frame?: string;
}

export class SqliteRoomLog implements RoomLog {
  readonly #hub: Listener;
  /** Also stores the ended sessions. `close` closes it. */
  readonly db: Database;
  readonly #file: SqliteFile;
  readonly #keys: RecentKeys;
  /** Latest offset per room, so that storing an event does not have to query it. */
  readonly #heads = new Map<string, number>();
  /** The last id used in `events` or `keys`. They share one sequence, so that the ids order all keys by age. */
  #lastId: number;
  readonly #epoch: Epoch;
  #pending: Pending[] = [];

  /** Opens or creates the file, and migrates it. A new file gets a new epoch. @throws if that fails. */
  constructor(path: string, hub: Listener) {
    mkdirSync(dirname(path), { recursive: true });
    const db = new Database(path, { create: true, strict: true });
    this.#hub = hub;
    this.db = db;
    // The timeout is set before WAL: switching takes a lock and would fail immediately.
    db.run("PRAGMA busy_timeout = 5000");
    db.run("PRAGMA journal_mode = WAL");
    // `Epoch` writes that the file is open. This write must survive a power failure, or the next start would not notice
    // lost commits. So it uses FULL.
    db.run("PRAGMA synchronous = FULL");
    migrate(db);
    this.#epoch = new Epoch(db, `${path}.marker`);
    // A commit survives a crash of the process, but not always a power failure. Use FULL here too if no acknowledged event
    // or sign-out may be lost then. It costs one fsync per commit.
    db.run("PRAGMA synchronous = NORMAL");
    // Shorter from here on, because waiting for another process's lock blocks the event loop.
    db.run("PRAGMA busy_timeout = 250");
    this.#file = new SqliteFile(db);
    this.#lastId = this.#newestId();
    this.#keys = new RecentKeys(db, LIMITS.keys);
  }

  /** Group commit: all events appended in the same tick share one transaction. */
  append(draft: Draft): Promise<Stored> {
    const pending = { draft, ...Promise.withResolvers<Stored>() };
    if (this.#pending.push(pending) === 1) setImmediate(() => this.#commit());
    return pending.promise;
  }

  async read(room: string, after?: Position): Promise<History> {
    const head = this.#head(room);
    const epoch = this.#epoch.id;
    const events = after?.epoch === epoch ? this.#eventsAfter(room, after.offset, head) : undefined;
    if (events) {
      const offset = (after?.offset ?? 0) + events.length;
      return { epoch, offset, recovered: true, hasMore: offset < head, entries: events };
    }
    const latest = this.db.query<MessageRow, [string, number]>(
      `SELECT frame, message FROM events
       WHERE room = ? AND ${IS_MESSAGE} ORDER BY offset DESC LIMIT ?`,
    );
    const entries = latest.all(room, LIMITS.latest).reverse().map(stateOf);
    return { epoch, offset: head, recovered: false, hasMore: false, entries };
  }

  /** Writes without changing anything. Rejects if the file was deleted or is read-only, or the disk is full. */
  async ready(): Promise<void> {
    this.#file.check();
    // SQLite writes nothing for an update to the same value, so this one is undone in the same transaction.
    const probe = this.db.transaction(() => {
      this.db.run("UPDATE log SET epoch = epoch || ?", [PROBE]);
      this.db.run("UPDATE log SET epoch = replace(epoch, ?, '')", [PROBE]);
    });
    probe.immediate();
  }

  async close(): Promise<void> {
    this.#commit();
    this.#epoch.close();
    this.db.close();
  }

  #commit(): void {
    const pending = this.#pending;
    // `close` ran before this `setImmediate`: it has committed the events, and closed the database.
    if (pending.length === 0) return;
    this.#pending = [];
    let lastId = this.#lastId;
    const appendAll = this.db.transaction(() => {
      this.#readOtherProcess();
      lastId = this.#lastId;
      return pending.map((each) => ({ ...each, result: this.#tryAppend(each.draft) }));
    });
    let appended: ReturnType<typeof appendAll>;
    try {
      this.#file.check();
      appended = appendAll.immediate();
    } catch (error) {
      this.#heads.clear();
      this.#lastId = lastId;
      this.#keys.rollback();
      for (const { reject } of pending) reject(error);
      return;
    }
    this.#keys.commit();
    for (const { result, resolve, reject } of appended) {
      if (result instanceof FrameError) {
        reject(result);
        continue;
      }
      const { stored, frame } = result;
      if (frame !== undefined) {
        this.#hub.deliver({ topic: roomTopic(stored.room), frame, offset: stored.offset });
      }
      resolve(stored);
    }
    this.#epoch.committed();
  }

  /** Reads what a process that overlaps with this one has stored: a client may resend an event that it stored there. */
  #readOtherProcess(): void {
    const newestId = this.#newestId();
    if (newestId === this.#lastId) return;
    this.#heads.clear();
    this.#keys.load(this.#lastId);
    this.#lastId = newestId;
  }

  /** A refusal is returned, not thrown: it must not roll back the other events. */
  #tryAppend(draft: Draft): Appended | FrameError {
    try {
      return this.#append(draft);
    } catch (error) {
      if (error instanceof FrameError) return error;
      throw error;
    }
  }

  #append(draft: Draft): Appended {
    const { room, key } = draft;
    const userId = draft.from.id;
    const epoch = this.#epoch.id;
    const known = this.#keys.find(userId, key);
    // A new epoch does not restart the offsets, so the stored offset is also valid in the current epoch.
    if (known) return { stored: { ...known, epoch } };
    const head = this.#head(room);
    const offset = head + 1;
    const event: RoomEvent = { ...draft, epoch, offset };
    const target = targetOf(event);
    const isChange = target === undefined || this.#changeMessage(event, target);
    const id = ++this.#lastId;
    if (id % TRIM_EVERY === 0) {
      this.db.query("DELETE FROM keys WHERE id <= ?").run(id - LIMITS.keys);
    }
    if (!isChange) {
      // Its key is stored: if the client sends the event again after others have changed the message, it must not have an effect.
      const insertKey = this.db.query("INSERT INTO keys VALUES (?, ?, ?, ?, ?)");
      insertKey.run(id, userId, key, room, head);
      this.#keys.add(draft, { room, offset: head });
      return { stored: { room, epoch, offset: head } };
    }
    const frame = JSON.stringify(event);
    const insert = this.db.query(
      "INSERT INTO events (id, room, offset, user, key, target, frame) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    insert.run(id, room, offset, userId, key, target ?? null, frame);
    if (this.#heads.size >= CACHED_HEADS) this.#heads.clear();
    this.#heads.set(room, offset);
    this.#keys.add(draft, { room, offset });
    if (offset % TRIM_EVERY === 0) this.#trim(room, offset);
    return { stored: { room, epoch, offset }, frame };
  }

  /** Applies an event to the message that it is about. @returns false if that changes nothing. */
  #changeMessage(event: RoomEvent, target: number): boolean {
    const { db } = this;
    const { room } = event;
    const select = `SELECT frame, message FROM events WHERE room = ? AND offset = ? AND ${IS_MESSAGE}`;
    const row = db.query<MessageRow, [string, number]>(select).get(room, target);
    const before: Message | undefined = row ? JSON.parse(stateOf(row)) : undefined;
    const message = applyEvent(event, before);
    if (message === before) return false;
    const update = db.query("UPDATE events SET message = ? WHERE room = ? AND offset = ?");
    update.run(message ? JSON.stringify(message) : DELETED, room, target);
    if (message) return true;
    // Erases the text from the message's own event and from the events about it. The events stay, so that the offsets have no
    // gap. `offset >= $target` is true for all of them, and lets SQLite use the index.
    const eraseText = db.query(
      `UPDATE events SET frame = json_remove(frame, '$.text')
       WHERE room = $room AND offset >= $target AND (offset = $target OR target = $target)`,
    );
    eraseText.run({ room, target });
    return true;
  }

  /**
   * Keeps the newest `LIMITS.messages` messages: deletes all events up to `lastOldMessage`, and those up to `lastOldEvent`
   * that are not messages.
   */
  #trim(room: string, head: number): void {
    const lastOldMessage = this.#lastOldMessage(room);
    const old = { room, lastOldMessage, lastOldEvent: head - LIMITS.events };
    const isOld = `room = $room
      AND (offset <= $lastOldMessage OR (offset <= $lastOldEvent AND NOT (${IS_MESSAGE})))`;
    const { db } = this;
    // A key outlives its event: a client may send an old event again.
    const keys = "REPLACE INTO keys SELECT id, user, key, room, offset FROM events";
    db.query(`${keys} WHERE ${isOld}`).run(old);
    db.query(`DELETE FROM events WHERE ${isOld}`).run(old);
  }

  /** The first events after an offset, up to `LIMITS.replyBytes`; undefined if one is no longer retained. */
  #eventsAfter(room: string, offset: number, head: number): string[] | undefined {
    const missed = head - offset;
    if (missed < 0 || missed > LIMITS.events) return undefined;
    // Rows are trimmed only every `TRIM_EVERY` events, so more messages than the limit may still be stored.
    if (missed > LIMITS.messages && offset < this.#lastOldMessage(room)) return undefined;
    const events: string[] = [];
    let bytes = 0;
    const select = "SELECT frame, offset FROM events WHERE room = ? AND offset > ? ORDER BY offset";
    const rows = this.db.query<{ frame: string; offset: number }, [string, number]>(select);
    for (const row of rows.iterate(room, offset)) {
      // A gap: the next event was trimmed. `#lastOldMessage` does not show this if users have since deleted messages, because it
      // counts only the messages that are left.
      if (row.offset !== offset + events.length + 1) return undefined;
      bytes += Buffer.byteLength(row.frame);
      if (bytes > LIMITS.replyBytes && events.length > 0) break;
      events.push(row.frame);
    }
    return events;
  }

  /** The highest offset of the messages beyond the retention limit, `LIMITS.messages`; 0 if there are none. */
  #lastOldMessage(room: string): number {
    const select = this.db.query<{ offset: number }, [string]>(
      `SELECT offset FROM events WHERE room = ? AND ${IS_MESSAGE}
       ORDER BY offset DESC LIMIT 1 OFFSET ${LIMITS.messages}`,
    );
    return select.get(room)?.offset ?? 0;
  }

  #newestId(): number {
    const select = `SELECT max(id) AS id FROM
      (SELECT max(id) AS id FROM events UNION ALL SELECT max(id) FROM keys)`;
    return this.db.query<{ id: number | null }, []>(select).get()?.id ?? 0;
  }

  #head(room: string): number {
    const cached = this.#heads.get(room);
    if (cached !== undefined) return cached;
    const select = "SELECT max(offset) AS offset FROM events WHERE room = ?";
    return this.db.query<{ offset: number | null }, [string]>(select).get(room)?.offset ?? 0;
  }
}

/** The encoded state of a message. Its own event defines it until another event changes it. */
function stateOf({ frame, message }: MessageRow): string {
  return message ?? JSON.stringify(applyEvent(JSON.parse(frame), undefined));
}
