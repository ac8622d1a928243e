// Program: prints how many rows per second a prepared statement inserts in one transaction.
import { Database } from "bun:sqlite";

const ROWS = 200_000;
const db = new Database(":memory:");
db.run("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT)");
const insert = db.prepare("INSERT INTO users (name, email) VALUES (?, ?)");
const started = performance.now();
db.transaction(() => {
  for (let i = 0; i < ROWS; i++) insert.run(`User ${i}`, `user${i}@example.com`);
})();
console.log((ROWS / (performance.now() - started)) * 1000);
