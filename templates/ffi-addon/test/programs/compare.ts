// Compares the backend that runs with the TypeScript backend, and fails if they differ. The workflow runs it on each kind
// of machine with FFI_BACKEND=prebuilt, before anything is published.
import { add, backend, simd, sqrt, VectorIndex } from "../../src/index.ts";
import { typescriptEngine } from "../../src/typescript.ts";
import { VectorIndex as IndexOn } from "../../src/vector-index.ts";

const dimensions = 37;
const vectors = Float32Array.from({ length: 5_000 * dimensions }, (_, i) => Math.sin(i * 1.3));
const query = vectors.slice(0, dimensions);
const options = { dimensions, metric: "cosine" } as const;
using index = new VectorIndex(options);
using expected = new IndexOn(options, typescriptEngine);
for (const each of [index, expected]) each.add(vectors);

const accept = (id: number): boolean => id % 3 === 0;
const results = async (each: IndexOn): Promise<unknown[]> => [
  each.search(query, 20),
  each.search(query, 20, { accept }),
  // #region worker
  await each.searchInWorker(query, 20),
  // #endregion
];
const [found, wanted] = [await results(index), await results(expected)];
if (!Bun.deepEquals(found, wanted) || add(2, 3) !== 5 || sqrt(4) !== 2) {
  console.error(`${backend} differs from TypeScript`, found, wanted);
  process.exit(1);
}
console.log(`${process.platform} ${process.arch}: ${backend} with ${simd} agrees with TypeScript`);
