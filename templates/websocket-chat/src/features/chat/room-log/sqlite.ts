// The log of a single process, in a SQLite file: events, the current state of their messages, and retention.
import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
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
  readonly #keys: RecentKeys;
  /** Latest offset per room, so that storing an event does not have to query it. */
  readonly #heads = new Map<string, number>();
  /** Id of the latest event or of the latest key without an event: both count, so that the newest keys can be retained. */
  #lastId: number;
  readonly #statements;
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
    // FULL while `Epoch` stores that the file is open: without that, the next start would not notice lost commits.
    db.run("PRAGMA synchronous = FULL");
    migrate(db);
    this.#epoch = new Epoch(db, `${path}.marker`);
    // A commit survives a crash of the process. FULL also survives a power failure, at one fsync per commit.
    db.run("PRAGMA synchronous = NORMAL");
    // Shorter from here on, because waiting for another process's lock blocks the event loop.
    db.run("PRAGMA busy_timeout = 250");
    this.#keys = new RecentKeys(db, LIMITS.keys);
    this.#statements = prepare(db);
    this.#lastId = this.#statements.lastId.get()?.id ?? 0;
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
    const entries = this.#statements.latest.all(room, LIMITS.latest).reverse().map(stateOf);
    return { epoch, offset: head, recovered: false, hasMore: false, entries };
  }

  /** Writes without changing anything. Rejects if the file is read-only or the disk is full. */
  async ready(): Promise<void> {
    this.db.run("UPDATE log SET epoch = epoch");
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
    const lastId = this.#lastId;
    const appendAll = this.db.transaction(() =>
      pending.map((each) => ({ ...each, result: this.#tryAppend(each.draft) })),
    );
    let appended: ReturnType<typeof appendAll>;
    try {
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
    const { id } = draft.from;
    const epoch = this.#epoch.id;
    const known = this.#keys.find(id, key);
    if (known) return { stored: { ...known, epoch } };
    const head = this.#head(room);
    const offset = head + 1;
    const event: RoomEvent = { ...draft, epoch, offset };
    const target = targetOf(event);
    const before = target === undefined ? undefined : this.#message(room, target);
    const message = applyEvent(event, before);
    const { insert, insertKey, trimKeys, update, eraseText } = this.#statements;
    this.#lastId += 1;
    if (this.#lastId % TRIM_EVERY === 0) trimKeys.run(this.#lastId - LIMITS.keys);
    if (message === before) {
      // The event changes nothing. Its key is stored, because a copy resent after a later event could change something.
      insertKey.run(this.#lastId, id, key, room, head);
      this.#keys.add(id, key, { room, offset: head });
      return { stored: { room, epoch, offset: head } };
    }
    const frame = JSON.stringify(event);
    insert.run(this.#lastId, room, offset, id, key, target ?? null, frame);
    if (target !== undefined) {
      update.run(message ? JSON.stringify(message) : DELETED, room, target);
      if (message === undefined) eraseText.run({ room, target });
    }
    if (this.#heads.size >= CACHED_HEADS) this.#heads.clear();
    this.#heads.set(room, offset);
    this.#keys.add(id, key, { room, offset });
    if (offset % TRIM_EVERY === 0) this.#trim(room, offset);
    return { stored: { room, epoch, offset }, frame };
  }

  /**
   * Removes every event up to `lastOldMessage`, which leaves the newest `LIMITS.messages` messages. Also removes the events
   * up to `lastOldEvent`, except messages that are not deleted.
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
    for (const row of this.#statements.eventsAfter.iterate(room, offset)) {
      // A gap: the next event was trimmed. If newer messages were deleted after that, `#lastOldMessage` does not show it.
      if (row.offset !== offset + events.length + 1) return undefined;
      bytes += Buffer.byteLength(row.frame);
      if (bytes > LIMITS.replyBytes && events.length > 0) break;
      events.push(row.frame);
    }
    return events;
  }

  /** The offset of the newest message that is not retained, because enough newer ones are. */
  #lastOldMessage(room: string): number {
    return this.#statements.newestOld.get(room)?.offset ?? 0;
  }

  #head(room: string): number {
    return this.#heads.get(room) ?? this.#statements.head.get(room)?.offset ?? 0;
  }

  #message(room: string, offset: number): Message | undefined {
    const row = this.#statements.message.get(room, offset);
    return row ? JSON.parse(stateOf(row)) : undefined;
  }
}

function prepare(db: Database) {
  return {
    head: db.query<{ offset: number | null }, [string]>(
      "SELECT max(offset) AS offset FROM events WHERE room = ?",
    ),
    eventsAfter: db.query<{ frame: string; offset: number }, [string, number]>(
      "SELECT frame, offset FROM events WHERE room = ? AND offset > ? ORDER BY offset",
    ),
    latest: db.query<MessageRow, [string, number]>(
      `SELECT frame, message FROM events
       WHERE room = ? AND ${IS_MESSAGE} ORDER BY offset DESC LIMIT ?`,
    ),
    message: db.query<MessageRow, [string, number]>(
      `SELECT frame, message FROM events WHERE room = ? AND offset = ? AND ${IS_MESSAGE}`,
    ),
    insert: db.query(
      "INSERT INTO events (id, room, offset, user, key, target, frame) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    lastId: db.query<{ id: number | null }, []>(
      "SELECT max(id) AS id FROM (SELECT max(id) AS id FROM events UNION ALL SELECT max(id) FROM keys)",
    ),
    insertKey: db.query("INSERT INTO keys VALUES (?, ?, ?, ?, ?)"),
    trimKeys: db.query("DELETE FROM keys WHERE id <= ?"),
    update: db.query("UPDATE events SET message = ? WHERE room = ? AND offset = ?"),
    // Erases the text of a deleted message from its event and from all later events about it. The events stay, so that the
    // offsets have no gap.
    eraseText: db.query(
      `UPDATE events SET frame = json_remove(frame, '$.text')
       WHERE room = $room AND offset >= $target AND $target IN (offset, target)`,
    ),
    newestOld: db.query<{ offset: number }, [string]>(
      `SELECT offset FROM events WHERE room = ? AND ${IS_MESSAGE}
       ORDER BY offset DESC LIMIT 1 OFFSET ${LIMITS.messages}`,
    ),
  };
}

/** The encoded state of a message. Its own event defines it until another event changes it. */
function stateOf({ frame, message }: MessageRow): string {
  return message ?? JSON.stringify(applyEvent(JSON.parse(frame), undefined));
}
