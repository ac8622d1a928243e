// Program: prints how many times per second a file of 64 KiB is read as text, one after the other.
const READS = 5000;
const path = "text.txt";
await Bun.write(path, "x".repeat(2 ** 16));
let length = 0;
const started = performance.now();
for (let i = 0; i < READS; i++) length += (await Bun.file(path).text()).length;
if (length !== READS * 2 ** 16) throw new Error(`read ${length} characters`);
console.log((READS / (performance.now() - started)) * 1000);
