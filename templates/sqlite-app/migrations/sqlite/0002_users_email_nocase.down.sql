CREATE TABLE users_old (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL DEFAULT '',
  password_hash TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

INSERT INTO users_old (id, email, name, password_hash, created_at)
SELECT id, email, name, password_hash, created_at FROM users;

DROP TABLE users;
ALTER TABLE users_old RENAME TO users;
