// Retention in SQLite: after each transaction, at most `keep` messages and `keep` deletions remain.
import type { Database } from "bun:sqlite";

/** What the file holds. */
export interface Extent {
  readonly messages: number;
  readonly deletions: number;
  /** The highest seq; 0 if there is no message. */
  readonly newest: number;
  /**
   * The highest seq that retention dropped. A cursor below it has a gap. Rows missing above it were deleted by clients, and
   * these deletions are stored as events.
   */
  readonly lastDropped: number;
}

type Counts = Omit<Extent, "lastDropped">;

export function readExtent(db: Database): Extent {
  const { floor = 0 } = db.query<{ floor: number }, []>("SELECT floor FROM log").get() ?? {};
  return { ...countAfter(db, 0), lastDropped: floor };
}

/**
 * Drops the oldest messages and deletions; call it at the end of each transaction.
 * @param before the extent before the transaction.
 * @returns the extent after it.
 */
export function dropOldest(db: Database, keep: number, before: Extent): Extent {
  const added = countAfter(db, before.newest);
  // A deletion removes the row of its message, and adds its own.
  const messages = before.messages + added.messages - added.deletions;
  const deletions = before.deletions + added.deletions;
  const newest = Math.max(before.newest, added.newest);
  if (messages <= keep && deletions <= keep) return { ...before, messages, deletions, newest };
  const messagesUntil = seqOfOldest(db, "event <> 'deleted'", messages - keep);
  // Deletions older than a dropped message are dropped, too: a client that has not read them gets a gap anyway.
  const deletionsUntil = Math.max(
    messagesUntil,
    seqOfOldest(db, "event = 'deleted'", deletions - keep),
  );
  const lastDropped = Math.max(before.lastDropped, deletionsUntil);
  db.run("UPDATE log SET floor = ?", [lastDropped]);
  return {
    messages: messages - dropUntil(db, "event <> 'deleted'", messagesUntil),
    deletions: deletions - dropUntil(db, "event = 'deleted'", deletionsUntil),
    newest,
    lastDropped,
  };
}

function countAfter(db: Database, seq: number): Counts {
  const sql = `SELECT count(*) FILTER (WHERE event <> 'deleted') AS messages,
    count(*) FILTER (WHERE event = 'deleted') AS deletions,
    coalesce(max(seq), 0) AS newest FROM messages WHERE seq > ?`;
  return db.query<Counts, [number]>(sql).get(seq) ?? { messages: 0, deletions: 0, newest: 0 };
}

/** The seq of the row number `count` from the oldest; 0 for a `count` below 1. */
function seqOfOldest(db: Database, condition: string, count: number): number {
  if (count < 1) return 0;
  // `+?` keeps SQLite from planning the statement again for each new value, as in sqlite-queries.ts.
  const sql = `SELECT seq FROM messages WHERE ${condition} ORDER BY seq LIMIT 1 OFFSET +?`;
  return db.query<{ seq: number }, [number]>(sql).get(count - 1)?.seq ?? 0;
}

/** @returns how many rows it dropped. */
function dropUntil(db: Database, condition: string, seq: number): number {
  return db.run(`DELETE FROM messages WHERE seq <= ? AND ${condition}`, [seq]).changes;
}
