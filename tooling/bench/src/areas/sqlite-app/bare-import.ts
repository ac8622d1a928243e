// Program: the import as a loop: parse a line, run a prepared statement, all in one transaction.
import { Database } from "bun:sqlite";

const database = new Database(process.env.DATABASE, { strict: true });
database.run("PRAGMA journal_mode = WAL");
database.run("PRAGMA synchronous = FULL");
database.run("PRAGMA foreign_keys = ON");
const insert = database.prepare(
  // The texts are lower-case words already, as the search index has them.
  `INSERT INTO articles (author, title, body, title_words, body_words, created_at, updated_at)
   VALUES (1, ?1, ?2, ?1, ?2, ?3, ?3)`,
);
const started = performance.now();
const now = new Date().toISOString();
database.run("BEGIN IMMEDIATE");
for (const line of (await Bun.file(process.env.LINES ?? "").text()).split("\n")) {
  if (line === "") continue;
  const { title, body } = JSON.parse(line);
  insert.run(title, body, now);
}
database.run("COMMIT");
console.log((performance.now() - started) / 1000);
