// Program: the import as a loop with better-sqlite3: parse a line, run a prepared statement, one transaction.
import { readFileSync } from "node:fs";
import Database from "better-sqlite3";

const database = new Database(process.env.DATABASE);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.pragma("foreign_keys = ON");
const insert = database.prepare(
  // The texts are lower-case words already, as the search index has them.
  `INSERT INTO articles (author, title, body, title_words, body_words, created_at, updated_at)
   VALUES (1, ?, ?, ?, ?, ?, ?)`,
);
const started = performance.now();
const now = new Date().toISOString();
database.exec("BEGIN IMMEDIATE");
for (const line of readFileSync(process.env.LINES, "utf8").split("\n")) {
  if (line === "") continue;
  const { title, body } = JSON.parse(line);
  insert.run(title, body, title, body, now, now);
}
database.exec("COMMIT");
console.log((performance.now() - started) / 1000);
