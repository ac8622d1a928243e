-- Articles, one index for each order of a list, and a full-text index that triggers keep up to date.
CREATE TABLE articles (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  author INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  -- The words of title and body for the search. The application writes them, so that every engine finds the same.
  title_words TEXT NOT NULL DEFAULT '',
  body_words TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  -- Copy of `id`. SQLite uses an index for `(title, id) > (?, ?)` only if neither column is the rowid. Without this
  -- column, a page would scan all rows with an equal title.
  seq INTEGER NOT NULL GENERATED ALWAYS AS (id) VIRTUAL
) STRICT;

CREATE INDEX articles_created ON articles (created_at, seq);
CREATE INDEX articles_updated ON articles (updated_at, seq);
CREATE INDEX articles_title ON articles (title, seq);
CREATE INDEX articles_author_created ON articles (author, created_at, seq);
CREATE INDEX articles_author_updated ON articles (author, updated_at, seq);
CREATE INDEX articles_author_title ON articles (author, title, seq);

-- The words are folded already. `categories` lists every Unicode category but Z (separators), so that only spaces
-- separate them. The author is in the index, so that a search among the articles of one author reads no others.
CREATE VIRTUAL TABLE articles_search USING fts5 (
  title_words, body_words, author,
  content = 'articles', content_rowid = 'id',
  tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);

CREATE TRIGGER articles_search_insert AFTER INSERT ON articles BEGIN
  INSERT INTO articles_search (rowid, title_words, body_words, author)
  VALUES (new.id, new.title_words, new.body_words, new.author);
END;

CREATE TRIGGER articles_search_delete AFTER DELETE ON articles BEGIN
  INSERT INTO articles_search (articles_search, rowid, title_words, body_words, author)
  VALUES ('delete', old.id, old.title_words, old.body_words, old.author);
END;

CREATE TRIGGER articles_search_update AFTER UPDATE OF title_words, body_words, author ON articles BEGIN
  INSERT INTO articles_search (articles_search, rowid, title_words, body_words, author)
  VALUES ('delete', old.id, old.title_words, old.body_words, old.author);
  INSERT INTO articles_search (rowid, title_words, body_words, author)
  VALUES (new.id, new.title_words, new.body_words, new.author);
END;
