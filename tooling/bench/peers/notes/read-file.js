// Program: prints how many times per second a file of 64 KiB is read as text, one after the other, with node:fs.
import { readFile, writeFile } from "node:fs/promises";

const READS = 5000;
const path = "text.txt";
await writeFile(path, "x".repeat(2 ** 16));
let length = 0;
const started = performance.now();
for (let i = 0; i < READS; i++) length += (await readFile(path, "utf-8")).length;
if (length !== READS * 2 ** 16) throw new Error(`read ${length} characters`);
console.log((READS / (performance.now() - started)) * 1000);
