// The epoch of a room log in SQLite: an id that changes when the latest events may be missing from the file.
import type { Database } from "bun:sqlite";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { log } from "#lib/log";
import { randomId } from "../../../random-id.ts";
import { currentBoot, isSameBoot } from "./boot.ts";

/** Milliseconds from a commit to its mark. A copy of the file is noticed if it is older than the latest mark. */
const MARK_AFTER_MS = 1000;
/** Stored as `boot` once the file is closed cleanly: then nothing is missing. */
const CLOSED = "";

/**
 * Decides at start whether the file may lack events that clients have. New events then get the offsets of the missing
 * ones, and a new epoch tells the clients that the offsets start a new sequence.
 * - Closed cleanly, or the process crashed (`kill -9`): the same epoch, because every commit is in the file.
 * - The machine crashed: a new epoch. The file was not closed, and its column `boot` names another boot.
 * - The folder was copied: a new epoch. The copy of the marker file has another time, which differs from the column `marked`.
 * - Only `chat.db` was replaced by an older copy: a new epoch. Its `marked` is older than the marker file.
 * - A rollback of the volume restored both files, with their times: not noticed. The README says to delete the marker file.
 * - The process crashed while it replaced the marker file: the same epoch. The column `marking` has the file's content.
 */
export class Epoch {
  readonly id: string;
  readonly #db: Database;
  readonly #marker: string;
  readonly #boot = currentBoot();
  #timer: Timer | undefined;

  /** Reads the epoch, or stores a new one. @param marker path of the marker file. @throws if it cannot be written. */
  constructor(db: Database, marker: string) {
    this.#db = db;
    this.#marker = marker;
    this.id = this.#readId() ?? randomId();
    db.query("UPDATE log SET epoch = ?").run(this.id);
    this.#mark(this.#boot);
  }

  /** Call it after each commit. */
  committed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tryMark(this.#boot);
    }, MARK_AFTER_MS);
  }

  /** Call it before the database is closed. */
  close(): void {
    clearTimeout(this.#timer);
    this.#tryMark(CLOSED);
  }

  /** Undefined if events may be missing. */
  #readId(): string | undefined {
    const row = this.#db
      .query<{ epoch: string; marked: number; marking: string; boot: string }, []>(
        "SELECT * FROM log",
      )
      .get();
    if (!row) return undefined;
    const { epoch, marked, marking, boot } = row;
    // Both times are 0 for a new file.
    const time = timeOf(this.#marker);
    const isMarking = time > 0 && marking === readFileSync(this.#marker, "utf8");
    const isOriginal = marked === time || isMarking;
    const isComplete = boot === CLOSED || isSameBoot(boot, this.#boot);
    return isOriginal && isComplete ? epoch : undefined;
  }

  #mark(boot: string): void {
    const marking = `chat.db stores when this file was written: another time shows that chat.db was replaced. ${randomId()}\n`;
    this.#db.query("UPDATE log SET marking = ?, boot = ?").run(marking, this.#boot);
    // Renamed, because a write that fails on a full disk would empty the file.
    const draft = `${this.#marker}.new`;
    writeFileSync(draft, marking);
    renameSync(draft, this.#marker);
    const update = this.#db.query("UPDATE log SET marked = ?, marking = '', boot = ?");
    update.run(timeOf(this.#marker), boot);
  }

  /** A failure, e.g. a full disk, is only logged: a later mark replaces this one. */
  #tryMark(boot: string): void {
    try {
      this.#mark(boot);
    } catch (error) {
      log.warn("the database was not marked: {error}", { error });
    }
  }
}

/**
 * When the file was created. On Linux, neither a copy nor a change of the owner can set this time. Elsewhere, and if the
 * file system does not store it, when the file was last changed.
 */
function timeOf(file: string): number {
  const { birthtimeMs = 0, ctimeMs = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return process.platform === "linux" && birthtimeMs > 0 ? birthtimeMs : ctimeMs;
}
