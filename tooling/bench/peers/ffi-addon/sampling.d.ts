// The types of sampling.js, which Node.js has to run as it is.
export function numbers(count: number): Float32Array<ArrayBuffer>;
export function rate(work: () => unknown, seconds: number): number;
export function serveSamples(open: () => (seconds: number) => number): void;
export function serveCalls(add: (a: number, b: number) => number): void;
