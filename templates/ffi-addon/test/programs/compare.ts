// Compares the backend that runs with the TypeScript backend, and fails if they differ. The workflow runs it on each kind
// of machine with FFI_BACKEND=prebuilt, before anything is published.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricNames } from "../../src/engine.ts";
import { add, backend, simd, sqrt, VectorIndex, type VectorIndexOptions } from "../../src/index.ts";
import { typescriptEngine } from "../../src/typescript.ts";

const path = join(tmpdir(), `compare-${process.pid}.index`);
const accept = (id: number): boolean => id % 3 === 0;

async function search(options: VectorIndexOptions, engine?: typeof typescriptEngine) {
  const { dimensions } = options;
  using index = new VectorIndex(options, engine);
  index.add(Float32Array.from({ length: 2_000 * dimensions }, (_, i) => Math.sin(i * 1.3)));
  index.save(path);
  using loaded = VectorIndex.load(path, engine);
  const query = Float32Array.from({ length: dimensions }, (_, i) => Math.cos(i));
  return [
    index.search(query, 20),
    index.search(query, 20, { accept }),
    loaded.search(query, 20),
    // #region worker
    await index.searchInWorker(query, 20),
    // #endregion
  ];
}

function requireEqual(found: unknown, wanted: unknown, what: unknown): void {
  if (Bun.deepEquals(found, wanted)) return;
  console.error(`${backend} with ${simd} differs from TypeScript:`, what, found, wanted);
  process.exit(1);
}

requireEqual([add(2, 3), sqrt(4)], [5, 2], "add and sqrt");
for (const metric of metricNames) {
  // Below, at and above the widths of the vector registers, and no multiples of them.
  for (const dimensions of [1, 3, 7, 16, 37, 129, 768]) {
    const options = { dimensions, metric };
    requireEqual(await search(options), await search(options, typescriptEngine), options);
  }
}
rmSync(path);
console.log(`${process.platform} ${process.arch}: ${backend} with ${simd} agrees with TypeScript`);
