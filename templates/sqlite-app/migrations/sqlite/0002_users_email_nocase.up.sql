-- An example of a table rebuild, for what ALTER TABLE cannot do: `email` becomes unique whatever its case.
-- The steps are SQLite's own (https://sqlite.org/lang_altertable.html#otheralter). Foreign keys are off while
-- a migration runs, so DROP TABLE deletes no sessions by cascade. They are all checked before the commit.
CREATE TABLE users_new (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL UNIQUE COLLATE NOCASE,
  name TEXT NOT NULL DEFAULT '',
  password_hash TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

INSERT INTO users_new (id, email, name, password_hash, created_at)
SELECT id, email, name, password_hash, created_at FROM users;

DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
