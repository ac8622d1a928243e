// Prints by how many MiB 100 000 rounds of create, add, search and dispose enlarge this process.
const { VectorIndex }: typeof import("../../src/index.ts") = await import(process.argv[2] ?? "");

const vectors = new Float32Array(64).fill(1);
const query = vectors.subarray(0, 8);
const accept = (id: number): boolean => id > 0;

function rounds(count: number): void {
  for (let i = 0; i < count; i++) {
    using index = new VectorIndex({ dimensions: 8, metric: "cosine" });
    index.add(vectors);
    index.search(query, 2);
    if (i % 100 === 0) index.search(query, 2, { accept });
  }
}

function residentMiB(): number {
  Bun.gc(true);
  return process.memoryUsage.rss() / 2 ** 20;
}

rounds(30_000);
const before = residentMiB();
rounds(100_000);
console.log(residentMiB() - before);
