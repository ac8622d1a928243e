// Creates an index of 32 MiB that is not closed, and saves itself, which reloads it under `bun --hot`. After the last reload, it
// prints by how many MiB the process has grown since the first one.
import { readFileSync, writeFileSync } from "node:fs";

const RELOADS = 15;
const { VectorIndex }: typeof import("../../src/index.ts") = await import(process.env.ENTRY ?? "");

export const index = new VectorIndex({ dimensions: 1024, metric: "dot" });
index.add(new Float32Array(2 ** 23).fill(1));

const [, source = "", count = "0", first = "0"] =
  /^(.*?)(?:\n\/\/ reload (\d+) (\S+)\n)?$/s.exec(readFileSync(import.meta.path, "utf8")) ?? [];
for (let collections = 0; collections < 3; collections++) {
  Bun.gc(true);
  await Bun.sleep(0); // finalizers run between tasks
}
const resident = process.memoryUsage.rss() / 2 ** 20;
if (Number(count) === RELOADS) {
  console.log(resident - Number(first));
  process.exit(0);
}
const before = count === "0" ? resident : first;
writeFileSync(import.meta.path, `${source}\n// reload ${Number(count) + 1} ${before}\n`);
