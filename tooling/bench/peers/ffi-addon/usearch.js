// Program: searches/s of usearch's exact search with one thread: argv is the metric, size, dimensions, k.
import { exactSearch } from "usearch";
import { numbers, rate, serveSamples } from "./sampling.js";

const [, , metric] = process.argv;
const [size, dimensions, k] = process.argv.slice(3).map(Number);
const name = metric === "cosine" ? "cos" : "l2sq";
serveSamples(() => {
  const vectors = numbers(size * dimensions);
  const query = vectors.slice(0, dimensions);
  return (seconds) => rate(() => exactSearch(vectors, query, dimensions, k, name, 1), seconds);
});
