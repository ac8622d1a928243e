// The versions of chat.db. To change its tables, append a step: `migrate` runs the missing ones at start.
import type { Database } from "bun:sqlite";
import { StartError } from "#lib/service";

/** Step n brings a file from version n to n + 1 (`PRAGMA user_version`). Never change a step that was released. */
const STEPS: readonly string[] = [
  `
  CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL);
  INSERT INTO log SELECT lower(hex(randomblob(12))) WHERE NOT EXISTS (SELECT 1 FROM log);
  -- The time of the marker file, to notice that this file was replaced by a copy; 0 before the first start.
  ALTER TABLE log ADD COLUMN marked REAL NOT NULL DEFAULT 0;
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
    -- Of an event that starts a message: its current state. The third step changes what NULL means.
    message TEXT
  );
  CREATE UNIQUE INDEX events_by_offset ON events (room, offset);
  -- Files of version 0 had only messages, and their keys in another table.
  CREATE TABLE IF NOT EXISTS messages (room, offset, sender, name, text, at);
  CREATE TABLE IF NOT EXISTS keys (id, sender, key, room, offset);
  INSERT INTO events (room, offset, user, key, frame, message)
    SELECT room, offset, sender, key,
      json_object('type', 'chat', 'room', room, 'epoch', epoch, 'offset', offset, 'from', json(author),
        'at', at, 'key', key, 'text', text),
      json_object('offset', offset, 'from', json(author), 'text', text, 'at', at,
        -- #region reactions
        'reactions', json('[]'),
        -- #endregion
        'key', key)
    FROM log, (
      SELECT m.*, coalesce(k.key, 'migrated-' || m.room || m.offset) AS key,
        json_object('id', m.sender, 'name', m.name) AS author
      FROM messages m LEFT JOIN keys k ON k.room = m.room AND k.offset = m.offset)
    ORDER BY at, room, offset;
  DROP TABLE messages;
  DROP TABLE keys;
  -- The keys of events that were trimmed.
  CREATE TABLE keys (id INTEGER PRIMARY KEY, user TEXT, key TEXT, room TEXT, offset INTEGER);
  `,
  // `expires` is in milliseconds since the epoch.
  "CREATE TABLE ended_sessions (id TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID",
  // From here on, `message` is NULL until another event has changed the message, and empty once it is deleted.
  "UPDATE events SET message = '' WHERE target IS NULL AND message IS NULL",
  // The boot of the machine at which the file was opened; empty once it was closed cleanly.
  "ALTER TABLE log ADD COLUMN boot TEXT NOT NULL DEFAULT ''",
  // From here on, the `id` of a key is that of its event. The old ids only counted the keys, so these keys get the ids
  // before those of the stored events, as if the stored events were the newest ones.
  `
  CREATE TABLE keys_by_event (
    id INTEGER, user TEXT, key TEXT, room TEXT, offset INTEGER, PRIMARY KEY (id, user, key)
  ) WITHOUT ROWID;
  INSERT INTO keys_by_event
    SELECT id + newest - (SELECT max(id) FROM keys), user, key, room, offset
    FROM keys, (SELECT max(id) - count(*) AS newest FROM events);
  DROP TABLE keys;
  ALTER TABLE keys_by_event RENAME TO keys;
  `,
  // The content of the marker file while it is being replaced; empty otherwise.
  "ALTER TABLE log ADD COLUMN marking TEXT NOT NULL DEFAULT ''",
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
