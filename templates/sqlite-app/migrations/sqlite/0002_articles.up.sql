-- Articles, one index for each order that a list can have, and a full-text index that triggers keep true.
CREATE TABLE articles (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  author INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE INDEX articles_author ON articles (author, created_at, id);
CREATE INDEX articles_created ON articles (created_at, id);
CREATE INDEX articles_updated ON articles (updated_at, id);
CREATE INDEX articles_title ON articles (title, id);

CREATE VIRTUAL TABLE articles_search USING fts5 (
  title, body,
  content = 'articles', content_rowid = 'id',
  tokenize = 'unicode61 remove_diacritics 2'
);

-- A word in the title counts as much as ten in the body.
INSERT INTO articles_search (articles_search, rank) VALUES ('rank', 'bm25(10.0, 1.0)');

CREATE TRIGGER articles_search_insert AFTER INSERT ON articles BEGIN
  INSERT INTO articles_search (rowid, title, body) VALUES (new.id, new.title, new.body);
END;

CREATE TRIGGER articles_search_delete AFTER DELETE ON articles BEGIN
  INSERT INTO articles_search (articles_search, rowid, title, body)
  VALUES ('delete', old.id, old.title, old.body);
END;

CREATE TRIGGER articles_search_update AFTER UPDATE OF title, body ON articles BEGIN
  INSERT INTO articles_search (articles_search, rowid, title, body)
  VALUES ('delete', old.id, old.title, old.body);
  INSERT INTO articles_search (rowid, title, body) VALUES (new.id, new.title, new.body);
END;
