// The versions of the SQLite schema. To change it, add a migration at the end; never edit one that was released.
import type { Database } from "bun:sqlite";
import { StartError } from "#lib/service";

/** The version of a file is the number of migrations that were applied to it. */
const MIGRATIONS = [
  // Version 1. Files of release 0.1 have no version, but tables: hence IF NOT EXISTS.
  // `epoch` is a random prefix of all ids, so that ids of an older, deleted file are not accepted. `floor` is the highest
  // seq that was dropped, and `states` are those of topics, which must outlive their messages.
  `CREATE TABLE IF NOT EXISTS messages (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, at TEXT NOT NULL, key TEXT UNIQUE
   ) STRICT;
   ALTER TABLE messages ADD COLUMN topic TEXT NOT NULL DEFAULT 'general';
   ALTER TABLE messages ADD COLUMN event TEXT NOT NULL DEFAULT 'message';
   ALTER TABLE messages RENAME COLUMN text TO data;
   UPDATE messages SET data = json_object('text', data);
   CREATE INDEX messages_by_topic ON messages (topic, seq);
   CREATE INDEX deletions ON messages (seq) WHERE event = 'deleted';
   CREATE TABLE IF NOT EXISTS log (epoch TEXT NOT NULL) STRICT;
   INSERT INTO log SELECT lower(hex(randomblob(4))) WHERE NOT EXISTS (SELECT 1 FROM log);
   ALTER TABLE log ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;
   UPDATE log SET floor = coalesce((SELECT min(seq) - 1 FROM messages), 0);
   CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
   CREATE TABLE states (topic TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
];

/** Brings the file to the newest version, in one transaction. @throws {StartError} if a newer release wrote it. */
export function migrate(db: Database): void {
  db.transaction(() => {
    const { user_version: version = 0 } =
      db.query<{ user_version: number }, []>("PRAGMA user_version").get() ?? {};
    if (version > MIGRATIONS.length) {
      throw new StartError(
        `${db.filename} was written by a newer release (version ${version}; this one supports up to ${MIGRATIONS.length}).`,
        "Start the newer release, or set DATA_DIR to another folder.",
      );
    }
    for (const migration of MIGRATIONS.slice(version)) db.run(migration);
    db.run(`PRAGMA user_version = ${MIGRATIONS.length}`);
  }).immediate();
}
