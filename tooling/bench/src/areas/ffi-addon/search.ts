// Program: searches/s of the starter on the backend that FFI_BACKEND names: argv is the library's entry, the metric,
// size, dimensions, k, and `copy` to copy the query before each search.
import { numbers, rate, serveSamples } from "../../../peers/ffi-addon/sampling.js";

interface Index {
  add(vectors: Float32Array): number;
  search(query: Float32Array, k: number): unknown;
}
type IndexOptions = { readonly dimensions: number; readonly metric: string };

const [, , entry = "", metric = ""] = process.argv;
const [size = 0, dimensions = 0, k = 0] = process.argv.slice(4, 7).map(Number);
const copy = process.argv[7] === "copy";
const { VectorIndex }: { VectorIndex: new (options: IndexOptions) => Index } = await import(entry);
serveSamples(() => {
  const vectors = numbers(size * dimensions);
  const index = new VectorIndex({ dimensions, metric });
  index.add(vectors);
  const query = vectors.slice(0, dimensions);
  const search = () => index.search(copy ? query.slice() : query, k);
  return (seconds) => rate(search, seconds);
});
