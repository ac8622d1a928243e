// Searches the library at argv[2] in workers while indexes are closed and searches aborted, argv[3] rounds.
// Its C sources are gone by then: what the workers run is what this thread has loaded.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";

const [, , entry = "", rounds = "0"] = process.argv;
const { backend, VectorIndex }: typeof import("../../src/index.ts") = await import(entry);
rmSync(join(dirname(entry), "../native"), { recursive: true });

const dimensions = 32;
const vectors = Float32Array.from({ length: 4_000 * dimensions }, (_, i) => Math.sin(i * 1.3));
const query = vectors.subarray(0, dimensions);

let found = 0;
let refused = 0;
for (let round = 0; round < Number(rounds); round++) {
  const index = new VectorIndex({ dimensions, metric: "dot" });
  index.add(vectors);
  const expected = JSON.stringify(index.search(query, 5));
  const controller = new AbortController();
  const { signal } = controller;
  const searches = [{}, { signal }, {}, { signal }].map((options) =>
    index.searchInWorker(query, 5, options),
  );
  if (round % 4 === 1) controller.abort();
  if (round % 4 === 2) await searches[0];
  if (round % 4 === 3) index.close();
  for (const outcome of await Promise.allSettled(searches)) {
    if (outcome.status === "rejected") refused++;
    else if (JSON.stringify(outcome.value) === expected) found++;
    else throw new Error(`found ${JSON.stringify(outcome.value)}, not ${expected}`);
  }
  index.close();
}
console.log(JSON.stringify({ backend, found, refused }));
