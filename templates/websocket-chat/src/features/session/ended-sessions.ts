// The sessions that were signed out. A copy of the cookie is valid until it expires, so their ids are stored until then.
import type { Database } from "bun:sqlite";
import type { Context } from "hono";
import { SqliteFile } from "#lib/sqlite-file";
import { lastExpiry, readSession, type Session } from "./cookie.ts";

/** One implementation per engine. While the store is not available, both methods reject. */
export interface EndedSessions {
  /** Once the promise resolves, the session stays ended, even if the process crashes. */
  end(session: Session): Promise<void>;
  has(session: Session): Promise<boolean>;
}

/** The session of the request, unless it has been signed out. */
export async function openSession(c: Context, secret: string, ended: EndedSessions) {
  const session = await readSession(c, secret);
  return session && !(await ended.has(session)) ? session : undefined;
}

export class SqliteEndedSessions implements EndedSessions {
  readonly #file: SqliteFile;

  /** @param db the migrated database of the messages. */
  constructor(readonly db: Database) {
    this.#file = new SqliteFile(db);
  }

  async end(session: Session): Promise<void> {
    this.#file.check();
    this.db.query("DELETE FROM ended_sessions WHERE expires < ?").run(Date.now());
    const insert = this.db.query("INSERT OR REPLACE INTO ended_sessions VALUES (?, ?)");
    insert.run(session.id, lastExpiry(session));
  }

  async has({ id }: Session): Promise<boolean> {
    return this.db.query("SELECT 1 FROM ended_sessions WHERE id = ?").get(id) !== null;
  }
}
