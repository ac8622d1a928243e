// Calls the library at argv[2] argv[3] times with random, mostly hostile arguments. Each call must return a
// result or throw an AddonError: another error is reported, and a crash ends the process. The seed is printed first; as
// argv[4] it repeats the calls.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricNames } from "../../src/engine.ts";

const [, , entry = "", count = "0", seed = String(Date.now())] = process.argv;
const { AddonError, add, backend, sqrt, VectorIndex }: typeof import("../../src/index.ts") =
  await import(entry);
type Index = InstanceType<typeof VectorIndex>;

console.log(`seed ${seed}`);
let state = Number(seed) >>> 0;
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
const pick = <Value>(values: readonly Value[]): Value => values[random(values.length)] as Value;

const detach = (vector: Float32Array<ArrayBuffer>): Float32Array => {
  structuredClone(vector.buffer, { transfer: [vector.buffer] });
  return vector;
};
const shrink = (length: number): Float32Array => {
  const buffer = new ArrayBuffer(length * 4 + 4, { maxByteLength: length * 4 + 4 });
  const vector = new Float32Array(buffer, 4, length);
  buffer.resize(random(length * 4 + 5));
  return vector;
};
const hostileObject = {
  valueOf: () => 3,
  get dimensions(): never {
    throw new AddonError("busy", "a getter that throws");
  },
};

const numbers = [
  0,
  -0,
  1,
  2,
  3,
  8,
  -1,
  0.5,
  255,
  65_536,
  65_537,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
  -(2 ** 31),
  Number.NaN,
  Infinity,
  -Infinity,
  5e-324,
];
const junk = [
  undefined,
  null,
  "3",
  "",
  true,
  1n,
  2n ** 64n,
  Symbol("s"),
  {},
  [],
  () => 1,
  hostileObject,
];
const anyNumber = (): unknown => (random(4) === 0 ? pick(junk) : pick(numbers));

function anyVector(dimensions: number): unknown {
  const length = dimensions * random(6);
  const good = Float32Array.from({ length }, () => random(200) - 100);
  switch (random(16)) {
    case 0:
      return pick(junk);
    case 1:
      return detach(good);
    case 2:
      return shrink(length);
    case 3:
      return new Float32Array(new SharedArrayBuffer(length * 4));
    case 4:
      return new Float64Array(good);
    case 5:
      return Object.defineProperty(good, "length", { value: dimensions * 1_000_000 });
    case 6:
      return Object.setPrototypeOf(new Uint8Array(dimensions), Float32Array.prototype);
    case 7:
      return good.fill(pick([Number.NaN, Infinity, 3.4e38, -3.4e38, 1e-45]));
    case 8:
      return new Float32Array(random(10));
    default:
      return random(2) === 0 ? good : good.subarray(0, dimensions);
  }
}

/** How many calls from inside `accept` are running: at most three, one inside the other. */
let depth = 0;
function anyAccept(index: Index): unknown {
  switch (random(6)) {
    case 0:
      return pick(junk);
    case 1:
      return () => pick(junk);
    case 2:
      return () => {
        throw new AddonError("busy", "thrown by accept");
      };
    case 3:
      return () => index.close();
    case 4:
      return (id: number) => {
        if (depth < 3) {
          depth++;
          try {
            call();
          } finally {
            depth--;
          }
        }
        return id % 2 === 0;
      };
    default:
      return (id: number) => id % 3 !== 0;
  }
}

let made = 0;
let refused = 0;
function requireAddonError(error: unknown): void {
  if (!(error instanceof AddonError)) {
    console.error(`call ${made}:`, error);
    process.exit(1);
  }
  refused++;
}

// #region worker
const pending: unknown[] = [];
// #endregion
const indexes: Index[] = [];
const path = join(tmpdir(), `ffi-addon-fuzz-${process.pid}`);

const anything = (): never => anyNumber() as never;

/** One is picked for each call. Add one for each new function. */
const calls: readonly (() => void)[] = [
  () => add(anything(), anything()),
  () => sqrt(anything()),
  () => {
    const options = {
      dimensions: pick([1, 3, 40, anything()]),
      metric: pick([...metricNames, "x"]),
    };
    indexes[random(8)] = new VectorIndex(pick([options, options, anything()]) as never);
  },
];

/** The calls of methods. The frequent ones are listed twice. */
const methodCalls: readonly ((index: Index) => void)[] = [
  (index) => index.close(),
  (index) => random(20) === 0 && index.save(path),
  () => random(20) === 0 && VectorIndex.load(pick([path, anything()])).close(),
  (index) => index.search(anyVectorFor(index), anything(), pick([undefined, anything()])),
  searchWithAccept,
  searchWithAccept,
  search,
  search,
  addVectors,
  addVectors,
  // #region worker
  (index) => {
    if (random(20) !== 0) return;
    const signal = pick([undefined, AbortSignal.abort(new AddonError("busy", "")), anything()]);
    const hits = index.searchInWorker(anyVectorFor(index), anything(), { signal } as never);
    hits.catch(requireAddonError);
    pending.push(hits);
  },
  // #endregion
];

const anyVectorFor = (index: Index): never => anyVector(index.dimensions) as never;

function search(index: Index): void {
  index.search(anyVectorFor(index), 1 + random(20));
}

function searchWithAccept(index: Index): void {
  const accept = anyAccept(index);
  const options = {
    get accept() {
      if (random(50) === 0) index.close();
      return accept;
    },
  };
  index.search(new Float32Array(index.dimensions).fill(1), 1 + random(20), options as never);
}

function addVectors(index: Index): void {
  index.add(anyVectorFor(index));
}

function call(): void {
  const index = pick(indexes);
  if (index && random(5) > 0) pick(methodCalls)(index);
  else pick(calls)();
}

for (; made < Number(count); made++) {
  try {
    call();
  } catch (error) {
    requireAddonError(error);
  }
  // #region worker
  if (pending.length > 20) await Promise.allSettled(pending.splice(0));
  // #endregion
}
rmSync(path, { force: true });
console.log(`${count} calls on ${backend}, ${refused} refused`);
