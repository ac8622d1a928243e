// A worker for the tests of the pool: sums up numbers. 255 exits it, 254 blocks it, 253 makes it throw.
import type { Reply } from "./pool.ts";

declare const self: Worker;

self.onmessage = ({ data: numbers }: MessageEvent<readonly number[]>) => {
  let sum = 0;
  for (const [at, number] of numbers.entries()) {
    if (number === 255) process.exit(1);
    if (number === 254) Bun.sleepSync(600_000);
    if (number === 253) throw new Error("253 is an error.");
    sum += number;
    self.postMessage({ progress: (at + 1) / numbers.length } satisfies Reply<number>);
  }
  self.postMessage({ result: sum } satisfies Reply<number>);
};
