// Program: searches/s of hnswlib's brute force: argv is the metric, size, dimensions, k. It wants plain arrays.
import hnswlib from "hnswlib-node";
import { numbers, rate, serveSamples } from "./sampling.js";

const [, , metric] = process.argv;
const [size, dimensions, k] = process.argv.slice(3).map(Number);
serveSamples(() => {
  const vectors = numbers(size * dimensions);
  const row = (id) => [...vectors.subarray(id * dimensions, (id + 1) * dimensions)];
  const index = new hnswlib.BruteforceSearch(metric === "cosine" ? "ip" : "l2", dimensions);
  index.initIndex(size);
  for (let id = 0; id < size; id++) index.addPoint(row(id), id);
  const query = row(0);
  return (seconds) => rate(() => index.searchKnn(query, k), seconds);
});
