// Program: searches/s of the starter on the backend that FFI_BACKEND names: argv is size, dimensions, k,
// and `copy` to copy the query before each search.
import { VectorIndex } from "ffi-addon";
import { numbers, rate, serveSamples } from "../../../peers/ffi-addon/sampling.js";

const [size = 0, dimensions = 0, k = 0] = process.argv.slice(2, 5).map(Number);
const copy = process.argv[5] === "copy";
serveSamples(() => {
  const vectors = numbers(size * dimensions);
  const index = new VectorIndex({ dimensions, metric: "cosine" });
  index.add(vectors);
  const query = vectors.slice(0, dimensions);
  const search = () => index.search(copy ? query.slice() : query, k);
  return (seconds) => rate(search, seconds);
});
