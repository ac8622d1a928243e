// Program: searches/s of sqlite-vec's exact search in Bun's SQLite: argv is the metric, size, dimensions, k.
import { Database } from "bun:sqlite";
import { getLoadablePath } from "sqlite-vec";
import { numbers, rate, serveSamples } from "./sampling.js";

const [, , metric] = process.argv;
const [size, dimensions, k] = process.argv.slice(3).map(Number);
serveSamples(() => {
  const vectors = numbers(size * dimensions);
  const row = (id) => new Uint8Array(vectors.buffer, id * dimensions * 4, dimensions * 4);
  const database = new Database(":memory:");
  database.loadExtension(getLoadablePath());
  const distance = metric === "cosine" ? "cosine" : "l2";
  database.run(
    `CREATE VIRTUAL TABLE vectors USING vec0(v float[${dimensions}] distance_metric=${distance})`,
  );
  const insert = database.prepare("INSERT INTO vectors (rowid, v) VALUES (?, ?)");
  database.transaction(() => {
    for (let id = 0; id < size; id++) insert.run(id, row(id));
  })();
  const search = database.prepare(
    "SELECT rowid, distance FROM vectors WHERE v MATCH ? ORDER BY distance LIMIT ?",
  );
  return (seconds) => rate(() => search.all(row(0), k), seconds);
});
