// Prints by how many MiB this process has grown after 200 indexes of 4 MiB that were not closed.
const { VectorIndex }: typeof import("../../src/index.ts") = await import(process.argv[2] ?? "");

const vectors = new Float32Array(2 ** 20).fill(1);

function forget(): void {
  new VectorIndex({ dimensions: 1024, metric: "dot" }).add(vectors);
}

const before = process.memoryUsage.rss();
for (let i = 0; i < 200; i++) {
  forget();
  if (i % 20 === 19) {
    Bun.gc(true);
    await Bun.sleep(0); // finalizers run between tasks
  }
}
console.log((process.memoryUsage.rss() - before) / 2 ** 20);
