-- Articles, one index for each order of a list, and an index for the search. The application writes the words.
CREATE TABLE articles (
  id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  author integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  title text COLLATE "C" NOT NULL,
  body text NOT NULL,
  title_words tsvector NOT NULL DEFAULT '',
  body_words tsvector NOT NULL DEFAULT '',
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);

CREATE INDEX articles_created ON articles (created_at, id);
CREATE INDEX articles_updated ON articles (updated_at, id);
CREATE INDEX articles_title ON articles (title, id);
CREATE INDEX articles_author_created ON articles (author, created_at, id);
CREATE INDEX articles_author_updated ON articles (author, updated_at, id);
CREATE INDEX articles_author_title ON articles (author, title, id);
CREATE INDEX articles_search ON articles USING gin ((title_words || body_words));
