// Searches in a worker, prints how many threads this process has, and saves itself, which reloads it under `bun --hot`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const RELOADS = 20;
const entry = process.env.ENTRY ?? "";
const { VectorIndex }: typeof import("../../src/index.ts") = await import(entry);

using index = new VectorIndex({ dimensions: 2, metric: "dot" });
index.add(Float32Array.of(1, 2));
await index.searchInWorker(Float32Array.of(1, 2), 1);
console.log(readdirSync("/proc/self/task").length);

const [, source = "", count = "0"] =
  /^(.*?)(?:\n\/\/ reload (\d+)\n)?$/s.exec(readFileSync(import.meta.path, "utf8")) ?? [];
if (Number(count) === RELOADS) process.exit(0);
writeFileSync(import.meta.path, `${source}\n// reload ${Number(count) + 1}\n`);
