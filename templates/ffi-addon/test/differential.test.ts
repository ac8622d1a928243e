// All backends against the TypeScript one: the same hits, with scores equal to the last bit.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { backendOrder, type Metric, metricNames } from "../src/engine.ts";
import { VectorIndex } from "../src/vector-index.ts";
import { engines, listVariants, nativeEngines, oracle } from "./engines.ts";
import { compiler, tinycc } from "./toolchain.ts";

const metric = fc.constantFrom<Metric>(...metricNames);

/** From the smallest denormal to the largest float, with many small integers, so that scores often tie. */
const component = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ min: -1, max: 1, noNaN: true }),
);

const problem = fc.integer({ min: 1, max: 70 }).chain((dimensions) =>
  fc.record({
    dimensions: fc.constant(dimensions),
    metric,
    vectors: fc
      .array(fc.array(component, { minLength: dimensions, maxLength: dimensions }), {
        maxLength: 40,
      })
      .map((rows) => new Float32Array(rows.flat())),
    query: fc
      .array(component, { minLength: dimensions, maxLength: dimensions })
      .map((row) => new Float32Array(row)),
    k: fc.integer({ min: 1, max: 50 }),
    modulus: fc.integer({ min: 1, max: 4 }),
  }),
);

test.skipIf(!compiler || !tinycc)(
  "with a C compiler and TinyCC: all four backends are tested",
  () => {
    expect(engines.map(({ backend }) => backend).toSorted()).toEqual(backendOrder.toSorted());
  },
);

const backends = nativeEngines.map((engine) => [engine.backend, engine] as const);
const variants = listVariants();

test.skipIf(!compiler)("with a C compiler: the variants differ in their instruction set", () => {
  const sets = new Set(variants.map(([, engine]) => engine.simd()));
  expect(sets.size).toBe(process.arch === "x64" ? variants.length / 2 : 1);
  expect(sets).toContain({ x64: "sse2", arm64: "neon" }[process.arch as string] ?? "scalar");
});

describe.each([...backends, ...variants])("%s", (_, engine) => {
  test("finds what the TypeScript version finds, to the bit", () => {
    const property = fc.property(problem, ({ dimensions, metric, vectors, query, k, modulus }) => {
      using actual = new VectorIndex({ dimensions, metric }, engine);
      using expected = new VectorIndex({ dimensions, metric }, oracle);
      expect(actual.add(vectors)).toBe(expected.add(vectors));
      expect(actual.search(query, k)).toEqual(expected.search(query, k));
      const accept = (id: number): boolean => id % modulus === 0;
      expect(actual.search(query, k, { accept })).toEqual(expected.search(query, k, { accept }));
    });
    fc.assert(property, { numRuns: 400 });
  });

  test.each([
    [500, 3, 7],
    [3000, 32, 10],
    [2000, 257, 100],
    [300, 1536, 1],
  ])("agrees on %d random vectors of %d dimensions, k %d", (size, dimensions, k) => {
    const random = randomNumbers(size * dimensions);
    const vectors = Float32Array.from({ length: size * dimensions }, random);
    for (const metric of metricNames) {
      using actual = new VectorIndex({ dimensions, metric }, engine);
      using expected = new VectorIndex({ dimensions, metric }, oracle);
      actual.add(vectors);
      expected.add(vectors);
      for (let i = 0; i < 3; i++) {
        const query = Float32Array.from({ length: dimensions }, random);
        expect(actual.search(query, k)).toEqual(expected.search(query, k));
      }
    }
  });

  // Where the fast sums are least exact: vectors close to each other and far from 0, sums that overflow float32 or
  // almost do, and terms that underflow.
  test.each([
    ["far from 0", 1e4, 1],
    ["so close that most tie", 1, 1e-7],
    ["that overflow float32", 0, 1e20],
    ["at the edge of what float32 holds", 0, 3e18],
    ["that underflow", 0, 1e-22],
    ["of denormals", 0, 1e-42],
  ])("agrees on vectors %s", (_, center, spread) => {
    const dimensions = 65;
    const random = randomNumbers(7);
    const scaled = (): number => center + spread * random();
    const vectors = Float32Array.from({ length: 600 * dimensions }, scaled);
    for (const metric of metricNames) {
      using actual = new VectorIndex({ dimensions, metric }, engine);
      using expected = new VectorIndex({ dimensions, metric }, oracle);
      actual.add(vectors);
      expected.add(vectors);
      for (const query of [vectors.slice(0, dimensions), vectors.slice(-dimensions)]) {
        expect(actual.search(query, 9)).toEqual(expected.search(query, 9));
      }
    }
  });

  test("adds and takes roots alike", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.double({ noNaN: true, min: 0 }), (a, b, x) => {
        expect(engine.add(a | 0, b | 0)).toBe(oracle.add(a, b));
        expect(engine.sqrt(x)).toBe(oracle.sqrt(x));
      }),
    );
  });
});

/** Numbers from -1 to 1; the same seed gives the same numbers. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}
