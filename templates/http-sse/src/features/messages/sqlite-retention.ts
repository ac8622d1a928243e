// Retention in SQLite: after each transaction, at most `keep` messages and `keep` deletions remain.
import type { Database } from "bun:sqlite";

interface State {
  readonly messages: number;
  readonly deletions: number;
  /** The highest seq; 0 if there is no message. */
  readonly newest: number;
  /** The highest seq that was dropped. */
  readonly lastDropped: number;
}

/**
 * Counts messages and drops the oldest. A cursor below `lastDropped` means a gap. A missing row above it does not: a client
 * deleted that message, and the deletion is stored as an event.
 */
export class Retention {
  readonly #db: Database;
  readonly #keep: number;
  readonly #countAfter;
  readonly #seqAt;
  /** Cached, because each read needs it, and counting all rows would cost more than a commit. */
  #state: State;

  constructor(db: Database, keep: number) {
    this.#db = db;
    this.#keep = keep;
    this.#countAfter = db.query<Omit<State, "lastDropped">, [number]>(
      `SELECT count(*) FILTER (WHERE event <> 'deleted') AS messages,
        count(*) FILTER (WHERE event = 'deleted') AS deletions,
        coalesce(max(seq), 0) AS newest FROM messages WHERE seq > ?`,
    );
    // `+?` keeps SQLite from planning the statement again for each new value, as in sqlite-queries.ts.
    const seqAt = (condition: string) =>
      db.query<{ seq: number }, [number]>(
        `SELECT seq FROM messages WHERE ${condition} ORDER BY seq LIMIT 1 OFFSET +?`,
      );
    this.#seqAt = { messages: seqAt("event <> 'deleted'"), deletions: seqAt("event = 'deleted'") };
    const { floor = 0 } = db.query<{ floor: number }, []>("SELECT floor FROM log").get() ?? {};
    this.#state = { ...EMPTY, ...this.#countAfter.get(0), lastDropped: floor };
  }

  get newest(): number {
    return this.#state.newest;
  }

  get lastDropped(): number {
    return this.#state.lastDropped;
  }

  /** Runs `work`, and drops the oldest messages and deletions in the same transaction. */
  inTransaction<Result>(work: () => Result): Result {
    const run = this.#db.transaction(() => {
      const before = this.#state;
      const result = work();
      const added = this.#countAfter.get(before.newest) ?? EMPTY;
      const state = this.#dropOldest({
        // A deletion removes the row of its message, and adds its own.
        messages: before.messages + added.messages - added.deletions,
        deletions: before.deletions + added.deletions,
        newest: Math.max(before.newest, added.newest),
        lastDropped: before.lastDropped,
      });
      return { result, state };
    });
    const { result, state } = run.immediate();
    // Set after the commit: a rollback must not change the cached state.
    this.#state = state;
    return result;
  }

  #dropOldest(state: State): State {
    const { messages, deletions, newest } = state;
    if (messages <= this.#keep && deletions <= this.#keep) return state;
    /** The seq of the newest row of this kind that must be dropped; 0 for none. */
    const lastToDrop = (kind: "messages" | "deletions", count: number) =>
      count > this.#keep ? (this.#seqAt[kind].get(count - this.#keep - 1)?.seq ?? 0) : 0;
    const messagesUntil = lastToDrop("messages", messages);
    // Deletions older than a dropped message are dropped, too: a client that has not read them gets a gap anyway.
    const deletionsUntil = Math.max(messagesUntil, lastToDrop("deletions", deletions));
    const dropped = {
      deletions: this.#dropUntil(deletionsUntil, "event = 'deleted'"),
      messages: this.#dropUntil(messagesUntil, "event <> 'deleted'"),
    };
    const lastDropped = Math.max(state.lastDropped, messagesUntil, deletionsUntil);
    this.#db.run("UPDATE log SET floor = ?", [lastDropped]);
    return {
      messages: messages - dropped.messages,
      deletions: deletions - dropped.deletions,
      newest,
      lastDropped,
    };
  }

  /** @returns how many rows it dropped. */
  #dropUntil(seq: number, condition: string): number {
    return this.#db.run(`DELETE FROM messages WHERE seq <= ? AND ${condition}`, [seq]).changes;
  }
}

const EMPTY: Omit<State, "lastDropped"> = { messages: 0, deletions: 0, newest: 0 };
