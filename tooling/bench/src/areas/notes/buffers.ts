// Program: prints how many buffers of 64 KiB per second are taken and filled, from a pool or newly allocated.
const SIZE = 2 ** 16;
const ROUNDS = 50_000;
const pool: Buffer[] = [Buffer.alloc(SIZE)];
const sources: Readonly<Record<string, () => Buffer>> = {
  pool: () => pool.pop() ?? Buffer.alloc(SIZE),
  allocUnsafe: () => Buffer.allocUnsafe(SIZE),
  alloc: () => Buffer.alloc(SIZE),
};
const name = process.argv[2] ?? "";
const take = sources[name];
if (take === undefined) throw new Error(`no source of buffers is called ${name}`);
let sum = 0;
const started = performance.now();
for (let i = 0; i < ROUNDS; i++) {
  const buffer = take().fill(i);
  sum += buffer[i % SIZE] ?? 0;
  if (name === "pool") pool.push(buffer);
}
if (sum === 0) throw new Error("the buffers were not filled");
console.log((ROUNDS / (performance.now() - started)) * 1000);
