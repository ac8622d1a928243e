-- Articles, one index for each list that there can be, and a full-text index on a generated column.
CREATE TABLE articles (
  id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  author integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  title text COLLATE "C" NOT NULL,
  body text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  search tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', body), 'B')
  ) STORED
);

CREATE INDEX articles_created ON articles (created_at, id);
CREATE INDEX articles_updated ON articles (updated_at, id);
CREATE INDEX articles_title ON articles (title, id);
CREATE INDEX articles_author_created ON articles (author, created_at, id);
CREATE INDEX articles_author_updated ON articles (author, updated_at, id);
CREATE INDEX articles_author_title ON articles (author, title, id);
CREATE INDEX articles_search ON articles USING gin (search);
