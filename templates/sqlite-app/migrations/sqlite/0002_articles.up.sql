-- Articles, one index for each list that there can be, and a full-text index that triggers keep true.
CREATE TABLE articles (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  author INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  -- The id under another name, because `(title, id) > (?, ?)` finds its place in an index only if no column is the
  -- rowid: else a page would read every article before it that has the same title, or came by the same import.
  seq INTEGER NOT NULL GENERATED ALWAYS AS (id) VIRTUAL
) STRICT;

CREATE INDEX articles_created ON articles (created_at, seq);
CREATE INDEX articles_updated ON articles (updated_at, seq);
CREATE INDEX articles_title ON articles (title, seq);
CREATE INDEX articles_author_created ON articles (author, created_at, seq);
CREATE INDEX articles_author_updated ON articles (author, updated_at, seq);
CREATE INDEX articles_author_title ON articles (author, title, seq);

-- The author is in it, so that a search among the articles of one reads no others.
CREATE VIRTUAL TABLE articles_search USING fts5 (
  title, body, author,
  content = 'articles', content_rowid = 'id',
  tokenize = 'unicode61 remove_diacritics 2'
);

-- A word in the title counts as much as ten in the body.
INSERT INTO articles_search (articles_search, rank) VALUES ('rank', 'bm25(10.0, 1.0, 0.0)');

CREATE TRIGGER articles_search_insert AFTER INSERT ON articles BEGIN
  INSERT INTO articles_search (rowid, title, body, author)
  VALUES (new.id, new.title, new.body, new.author);
END;

CREATE TRIGGER articles_search_delete AFTER DELETE ON articles BEGIN
  INSERT INTO articles_search (articles_search, rowid, title, body, author)
  VALUES ('delete', old.id, old.title, old.body, old.author);
END;

CREATE TRIGGER articles_search_update AFTER UPDATE OF title, body, author ON articles BEGIN
  INSERT INTO articles_search (articles_search, rowid, title, body, author)
  VALUES ('delete', old.id, old.title, old.body, old.author);
  INSERT INTO articles_search (rowid, title, body, author)
  VALUES (new.id, new.title, new.body, new.author);
END;
