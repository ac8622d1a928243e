// The versions of chat.db. To change its tables, append a step: `migrate` runs the missing ones at start.
import type { Database } from "bun:sqlite";
import { StartError } from "#lib/service";

/** Step n brings a file from version n to n + 1 (`PRAGMA user_version`). Never change a step that was released. */
const STEPS: readonly string[] = [
  `
  -- The tables of release 0.1, which is version 0: it had only messages, and their keys in another table.
  CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS messages (room, offset, sender, name, text, at);
  CREATE TABLE IF NOT EXISTS keys (id, sender, key, room, offset);

  INSERT INTO log SELECT lower(hex(randomblob(12))) WHERE NOT EXISTS (SELECT 1 FROM log);
  -- The time of the marker file, to notice that this file was replaced by a copy; 0 before the first start.
  ALTER TABLE log ADD COLUMN marked REAL NOT NULL DEFAULT 0;
  -- The content of the marker file while it is being replaced; empty otherwise.
  ALTER TABLE log ADD COLUMN marking TEXT NOT NULL DEFAULT '';
  -- The boot of the machine at which the file was opened; empty once it was closed cleanly.
  ALTER TABLE log ADD COLUMN boot TEXT NOT NULL DEFAULT '';
  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    room TEXT NOT NULL,
    offset INTEGER NOT NULL,
    -- The sender and the idempotency key.
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Offset of the message that the event is about; NULL if the event starts a message.
    target INTEGER,
    -- The event as it is sent.
    frame TEXT,
    -- The state of a message that another event has changed; empty once the message is deleted.
    message TEXT
  );
  CREATE UNIQUE INDEX events_by_offset ON events (room, offset);
  INSERT INTO events (room, offset, user, key, frame)
    SELECT room, offset, sender, key,
      json_object('type', 'chat', 'room', room, 'epoch', epoch, 'offset', offset,
        'from', json_object('id', sender, 'name', name), 'at', at, 'key', key, 'text', text)
    FROM log, (
      SELECT m.*, coalesce(k.key, 'migrated-' || m.room || m.offset) AS key
      FROM messages m LEFT JOIN keys k ON k.room = m.room AND k.offset = m.offset)
    ORDER BY at, room, offset;
  DROP TABLE messages;
  DROP TABLE keys;
  -- The keys of events that are not stored, under the ids that the events had or would have had.
  CREATE TABLE keys (
    id INTEGER, user TEXT, key TEXT, room TEXT, offset INTEGER, PRIMARY KEY (id, user, key)
  ) WITHOUT ROWID;
  -- The column expires is in milliseconds since the epoch.
  CREATE TABLE ended_sessions (id TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
  `,
];

/** Brings the file to the newest version, in one transaction. @throws {StartError} if a newer release wrote it. */
export function migrate(db: Database): void {
  const run = db.transaction(() => {
    const { user_version: version = 0 } =
      db.query<{ user_version: number }, []>("PRAGMA user_version").get() ?? {};
    if (version > STEPS.length) {
      throw new StartError(
        `${db.filename} was written by a newer release (version ${version}; this one supports up to ${STEPS.length}).`,
        "Start the newer release, or set DATA_DIR to another folder.",
      );
    }
    for (const step of STEPS.slice(version)) db.run(step);
    db.run(`PRAGMA user_version = ${STEPS.length}`);
  });
  run.immediate();
}
