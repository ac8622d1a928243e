// Program: searches/s of usearch's exact search with one thread: argv is size, dimensions, k.
import { exactSearch } from "usearch";
import { numbers, rate, serveSamples } from "./sampling.js";

const [size, dimensions, k] = process.argv.slice(2).map(Number);
serveSamples(() => {
  const vectors = numbers(size * dimensions);
  const query = vectors.slice(0, dimensions);
  return (seconds) => rate(() => exactSearch(vectors, query, dimensions, k, "cos", 1), seconds);
});
