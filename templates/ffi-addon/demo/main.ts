// Recognizes handwritten digits by their nearest neighbors, and compares the C with the TypeScript version.
import { backend, type Hit, simd } from "../src/index.ts";
import { typescriptEngine } from "../src/typescript.ts";
import { VectorIndex } from "../src/vector-index.ts";
import { draw, pixels, readDigits } from "./digits.ts";

const known = 1500;
const neighbors = 5;
const { labels, pictures } = await readDigits();
const picture = (id: number): Float32Array => pictures.subarray(id * pixels, (id + 1) * pixels);
const unknown = Array.from({ length: labels.length - known }, (_, i) => known + i);

using index = new VectorIndex({ dimensions: pixels, metric: "cosine" });
index.add(pictures.subarray(0, known * pixels));

/** Returns the label that most of the neighbors have; if several are equally frequent, the one of the nearest. */
function vote(hits: readonly Hit[]): string {
  const votes = hits.map(({ id }) => labels[id] ?? "?");
  const count = (label: string): number => votes.filter((vote) => vote === label).length;
  return votes.toSorted((a, b) => count(b) - count(a))[0] ?? "?";
}

function show(id: number): void {
  const hits = index.search(picture(id), 4);
  const titles = ["unknown", ...hits.map((hit) => `${labels[hit.id]}  (${hit.score.toFixed(3)})`)];
  const drawings = [id, ...hits.map((hit) => hit.id)].map((shown) => draw(picture(shown)));
  console.log(titles.map((title) => title.padEnd(19)).join(""));
  for (const y of drawings[0]?.keys() ?? []) {
    console.log(drawings.map((drawing) => `${drawing[y]}   `).join(""));
  }
}

/** Microseconds for one search: the best of ten rounds over all unknown digits. */
function measure(searched: VectorIndex): number {
  const rounds = Array.from({ length: 10 }, () => {
    const start = performance.now();
    for (const id of unknown) searched.search(picture(id), neighbors);
    return (performance.now() - start) / unknown.length;
  });
  return Math.min(...rounds) * 1000;
}

console.log(`Backend: ${backend}${simd === "none" ? "" : ` with ${simd}`}\n`);
for (const id of [1503, 1640, 1796]) show(id);

const right = unknown.filter((id) => vote(index.search(picture(id), neighbors)) === labels[id]);
const share = ((100 * right.length) / unknown.length).toFixed(1);
console.log(
  `\n${right.length} of ${unknown.length} unknown digits recognized by their ${neighbors} nearest among ${known}: ${share} %\n`,
);

using slow = new VectorIndex({ dimensions: pixels, metric: "cosine" }, typescriptEngine);
slow.add(pictures.subarray(0, known * pixels));
const typescript = measure(slow);
const chosen = measure(index);
const row = (microseconds: number) => ({
  "µs per search": microseconds.toFixed(1),
  "speed-up": `${(typescript / microseconds).toFixed(1)} ×`,
});
console.table({ typescript: row(typescript), [backend]: row(chosen) });
if (simd === "none") console.log("Not optimized: try again after `bun run build`.");
