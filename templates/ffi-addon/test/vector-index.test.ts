// The methods of an index on every backend, and which of them a closed index refuses.
import { describe, expect, test } from "bun:test";
import type { Metric } from "../src/engine.ts";
import { maxDimensions, maxSize } from "../src/symbols.ts";
import { VectorIndex } from "../src/vector-index.ts";
import { engines, oracle } from "./engines.ts";

// native/test.c has the same test for C.
test("grows by less if memory is short", () => {
  const store = oracle.create(1, "dot");
  store.append(new Float32Array(10), 10);
  const original = globalThis.SharedArrayBuffer;
  globalThis.SharedArrayBuffer = class extends original {
    constructor(size = 0) {
      if (size > 12 * 8) throw new RangeError("Out of memory"); // the norms of 12 vectors, but not of 15
      super(size);
    }
  };
  try {
    store.append(new Float32Array(1), 1);
    expect(() => store.append(new Float32Array(2), 2)).toThrow("There is no memory");
  } finally {
    globalThis.SharedArrayBuffer = original;
  }
  store.append(new Float32Array(2), 2);
  expect(store.size).toBe(13);
});

describe.each(engines)("$backend", (engine) => {
  const create = (metric: Metric, ...rows: number[][]): VectorIndex => {
    const index = new VectorIndex({ dimensions: rows[0]?.length ?? 2, metric }, engine);
    index.add(new Float32Array(rows.flat()));
    return index;
  };
  const query = Float32Array.of(1, 0);

  test("ranks by cosine or by dot product", () => {
    using cosine = create("cosine", [1, 0], [0, 9], [50, 50], [-1, 0]);
    const hits = cosine.search(query, 3);
    expect(hits.map(({ id }) => id)).toEqual([0, 2, 1]);
    expect(hits[1]?.score).toBeCloseTo(Math.SQRT1_2, 12);
    using dot = create("dot", [1, 0], [0, 9], [50, 50], [-1, 0]);
    expect(dot.search(query, 2)).toEqual([
      { id: 2, score: 50 },
      { id: 0, score: 1 },
    ]);
  });

  test("ranks by Euclidean distance, the nearest first", () => {
    using index = create("euclidean", [4, 4], [1, 0], [0, 0], [-1, 0], [1, 0]);
    expect(index.search(query, 9)).toEqual([
      { id: 1, score: 0 },
      { id: 4, score: 0 },
      { id: 2, score: 1 },
      { id: 3, score: 2 },
      { id: 0, score: 5 },
    ]);
    expect(index.search(query, 2, { accept: (id) => id !== 1 })).toEqual([
      { id: 4, score: 0 },
      { id: 2, score: 1 },
    ]);
    using far = create("euclidean", [3e38, -3e38]);
    const [hit] = far.search(Float32Array.of(-3e38, 3e38), 1);
    expect(hit?.score).toBeCloseTo(Math.SQRT2 * 2 * Math.fround(3e38), -26);
  });

  test("gives equal scores by rising id, and a zero vector the cosine 0", () => {
    using index = create("cosine", [2, 0], [0, 0], [4, 0], [0, 0], [1, 0]);
    expect(index.search(query, 4)).toEqual([
      { id: 0, score: 1 },
      { id: 2, score: 1 },
      { id: 4, score: 1 },
      { id: 1, score: 0 },
    ]);
    expect(index.search(new Float32Array(2), 2)).toEqual([
      { id: 0, score: 0 },
      { id: 1, score: 0 },
    ]);
  });

  test("does not overflow where float32 would", () => {
    using index = create("dot", [3e38, 3e38], [3e38, -3e38]);
    const hits = index.search(Float32Array.of(3e38, 3e38), 2);
    expect(hits.map(({ id }) => id)).toEqual([0, 1]);
    expect(hits[0]?.score).toBeGreaterThan(1e76);
    expect(hits[1]?.score).toBe(0);
  });

  test("adds all vectors of a call or none", () => {
    using index = create("dot", [1, 1]);
    expect(() => index.add(Float32Array.of(2, 2, Number.NaN, 3))).toThrow("NaN");
    expect(index.size).toBe(1);
    expect(index.add(Float32Array.of(3, 3))).toBe(1);
    expect(index.search(query, 9).map(({ id }) => id)).toEqual([1, 0]);
  });

  test("reports that there is no memory, and stays usable", () => {
    const store = engine.create(maxDimensions, "dot");
    // 2^49 bytes: more than any address space.
    expect(() => store.load(maxSize, () => undefined)).toThrow(
      expect.objectContaining({ code: "out_of_memory" }),
    );
    store.append(new Float32Array(maxDimensions).fill(1), 1);
    expect(store.search(new Float32Array(maxDimensions).fill(1), 1, {})).toEqual([
      { id: 0, score: maxDimensions },
    ]);
    store.free();
  });

  test("rethrows an exception of accept, and stays usable", () => {
    using index = create("dot", [1, 0], [2, 0], [3, 0]);
    const boom = new Error("boom");
    let calls = 0;
    const accept = (): never => {
      calls++;
      throw boom;
    };
    expect(() => index.search(query, 2, { accept })).toThrow(boom);
    expect(calls).toBe(1);
    expect(index.search(query, 2, { accept: (id) => id !== 2 })).toEqual([
      { id: 1, score: 2 },
      { id: 0, score: 1 },
    ]);
  });

  test("can't be used inside its own accept, but others can", () => {
    using index = create("dot", [1, 0], [2, 0]);
    using other = create("dot", [5, 0], [6, 0]);
    const uses = [
      () => index.add(Float32Array.of(1, 1)),
      () => index.search(query, 1),
      () => index.save("never-written"),
      () => index.close(),
    ];
    for (const use of uses) {
      const accept = (): boolean => use() !== undefined;
      expect(() => index.search(query, 1, { accept })).toThrow(
        expect.objectContaining({ code: "busy" }),
      );
    }
    const nested = index.search(query, 2, {
      accept: (id) => other.search(query, 1, { accept: (inner) => inner === id })[0]?.id === id,
    });
    expect(nested.map(({ id }) => id)).toEqual([1, 0]);
  });

  test("reads the query as it was, even if accept transfers its buffer", () => {
    using index = create("dot", ...Array.from({ length: 600 }, (_, i) => [i, 1]));
    const doomed = Float32Array.of(1, 0);
    const hits = index.search(doomed, 1, {
      accept: (id) => {
        if (!doomed.buffer.detached) structuredClone(doomed.buffer, { transfer: [doomed.buffer] });
        if (id < 20) Bun.gc(true);
        return true;
      },
    });
    expect(hits).toEqual([{ id: 599, score: 599 }]);
  });

  test("closes once, and twice without harm; then every use is refused", () => {
    const index = create("dot", [1, 0]);
    index.close();
    index.close();
    index[Symbol.dispose]();
    const closed = expect.objectContaining({ code: "closed" });
    expect(() => index.size).toThrow(closed);
    expect(() => index.add(query)).toThrow(closed);
    expect(() => index.search(query, 1)).toThrow(closed);
    expect(() => index.save("never-written")).toThrow(closed);
  });

  // #region worker
  test("a closed index refuses a search in a worker, and runs no action", async () => {
    const index = create("dot", [1, 0]);
    let hasRun = false;
    const action = (): void => {
      hasRun = true;
    };
    const waiting = index.whenIdle(action);
    index.close();
    const uses = [waiting, index.whenIdle(action), index.searchInWorker(query, 1)];
    for (const outcome of await Promise.allSettled(uses)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "closed" } });
    }
    expect(hasRun).toBe(false);
  });

  test("whenIdle is refused inside accept", async () => {
    using index = create("dot", [1, 0]);
    let refused: Promise<void> | undefined;
    const accept = (): boolean => {
      refused = index.whenIdle(() => undefined);
      return true;
    };
    index.search(query, 1, { accept });
    await expect(refused).rejects.toMatchObject({ code: "busy" });
  });
  // #endregion
});
