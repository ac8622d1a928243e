// Every argument that is refused, and with which code. The types are lied to on purpose.
import { describe, expect, test } from "bun:test";
import { AddonError, type AddonErrorCode, add, sqrt } from "../src/index.ts";
import { allocateHits } from "../src/native.ts";
import { VectorIndex } from "../src/vector-index.ts";
import { engines } from "./engines.ts";

const wrong = (value: unknown): never => value as never;

function codeOf(call: () => unknown): AddonErrorCode | "no error" {
  try {
    call();
    return "no error";
  } catch (error) {
    if (error instanceof AddonError) return error.code;
    throw error;
  }
}

function detached(length: number): Float32Array {
  const vector = new Float32Array(length);
  structuredClone(vector.buffer, { transfer: [vector.buffer] });
  return vector;
}

function shrunk(length: number): Float32Array {
  const buffer = new ArrayBuffer(length * 4, { maxByteLength: length * 4 });
  const vector = new Float32Array(buffer, 0, length);
  buffer.resize(0);
  return vector;
}

const notANumber: unknown[] = [
  "1",
  1n,
  null,
  undefined,
  {},
  [1],
  true,
  Symbol("1"),
  { valueOf: () => 1 },
];

test("more hits than memory can hold are a typed error", () => {
  expect(codeOf(() => allocateHits(2 ** 31 - 1))).toBe("out_of_memory");
});

test("add takes two int32 and nothing else", () => {
  expect(add(2, 3)).toBe(5);
  expect(add(-(2 ** 31), 2 ** 31 - 1)).toBe(-1);
  for (const value of notANumber) {
    expect(codeOf(() => add(wrong(value), 1))).toBe("invalid_argument");
    expect(codeOf(() => add(1, wrong(value)))).toBe("invalid_argument");
  }
  for (const value of [Number.NaN, Infinity, -Infinity, 0.5, 2 ** 31, -(2 ** 31) - 1, 1e300]) {
    expect(codeOf(() => add(value, 1))).toBe("out_of_range");
    expect(codeOf(() => add(1, value))).toBe("out_of_range");
  }
  expect(codeOf(() => add(2 ** 31 - 1, 1))).toBe("overflow");
  expect(codeOf(() => add(-(2 ** 31), -1))).toBe("overflow");
});

test("sqrt takes a finite number that is not negative", () => {
  expect(sqrt(2)).toBe(Math.SQRT2);
  for (const value of notANumber) {
    expect(codeOf(() => sqrt(wrong(value)))).toBe("invalid_argument");
  }
  for (const value of [Number.NaN, Infinity, -1]) {
    expect(codeOf(() => sqrt(value))).toBe("out_of_range");
  }
});

test.each([
  [[1, 2], "an array"],
  [new Float64Array(2), "a Float64Array"],
  [Buffer.alloc(2), "a Uint8Array"],
  [new Int16Array(2), "an Int16Array"],
  [new ArrayBuffer(2), "an object"],
  [{ [Symbol.toStringTag]: "Float32Array" }, "an object"],
  [new Proxy([], {}), "a Proxy"],
  ["text", "a string"],
  [undefined, "undefined"],
])("an error names the type of a value that is not a Float32Array: %#", (value, name) => {
  using index = new VectorIndex({ dimensions: 1, metric: "dot" });
  expect(() => index.add(wrong(value))).toThrow(`must be a Float32Array, got ${name}.`);
});

describe.each(engines)("$backend", (engine) => {
  /** Options with a getter that closes the index. */
  const closing = (name: string, index: VectorIndex): object => ({
    get [name](): undefined {
      index.close();
      return undefined;
    },
  });
  const create = (options: unknown): VectorIndex => new VectorIndex(wrong(options), engine);

  test.each<[unknown, AddonErrorCode]>([
    [undefined, "invalid_argument"],
    [null, "invalid_argument"],
    [{}, "invalid_argument"],
    [{ dimensions: "3", metric: "dot" }, "invalid_argument"],
    [{ dimensions: 3 }, "invalid_argument"],
    [{ dimensions: 3, metric: "euclid" }, "invalid_argument"],
    [{ dimensions: 0, metric: "dot" }, "out_of_range"],
    [{ dimensions: -1, metric: "dot" }, "out_of_range"],
    [{ dimensions: 1.5, metric: "dot" }, "out_of_range"],
    [{ dimensions: Number.NaN, metric: "dot" }, "out_of_range"],
    [{ dimensions: 65_537, metric: "dot" }, "out_of_range"],
    [{ dimensions: 2 ** 32 + 3, metric: "dot" }, "out_of_range"],
  ])("does not create an index with options %#", (options, code) => {
    expect(codeOf(() => create(options))).toBe(code);
  });

  const vectors: [string, () => unknown, AddonErrorCode][] = [
    ["nothing", () => undefined, "invalid_argument"],
    ["an array", () => [1, 2, 3], "invalid_argument"],
    ["doubles", () => new Float64Array(3), "invalid_argument"],
    ["a buffer", () => new ArrayBuffer(12), "invalid_argument"],
    ["a view", () => new DataView(new ArrayBuffer(12)), "invalid_argument"],
    ["an impostor", () => Object.create(Float32Array.prototype), "invalid_argument"],
    ["a proxy", () => new Proxy(new Float32Array(3), {}), "invalid_argument"],
    ["shared memory", () => new Float32Array(new SharedArrayBuffer(12)), "invalid_argument"],
    ["a detached vector", () => detached(3), "detached"],
    ["a shrunk vector", () => shrunk(3), "detached"],
    ["too few numbers", () => new Float32Array(2), "wrong_length"],
    ["a part too many", () => new Float32Array(4), "wrong_length"],
    ["NaN", () => Float32Array.of(1, Number.NaN, 1), "out_of_range"],
    ["an infinity", () => Float32Array.of(1, 1, -Infinity), "out_of_range"],
    [
      "a lie about its length",
      () => Object.defineProperty(new Float32Array(1), "length", { value: 3 }),
      "wrong_length",
    ],
  ];

  test.each(vectors)("refuses %s as vectors and as query", (_, make, code) => {
    using index = create({ dimensions: 3, metric: "cosine" });
    index.add(Float32Array.of(1, 2, 3));
    expect(codeOf(() => index.add(wrong(make())))).toBe(code);
    expect(codeOf(() => index.search(wrong(make()), 1))).toBe(code);
    expect(index.size).toBe(1);
  });

  test("an error names the argument that holds NaN", () => {
    using index = create({ dimensions: 1, metric: "dot" });
    const wrongNumber = Float32Array.of(Number.NaN);
    expect(() => index.add(wrongNumber)).toThrow("vectors holds NaN or an infinity.");
    expect(() => index.search(wrongNumber, 1)).toThrow("query holds NaN or an infinity.");
  });

  test("a property that shadows the length, the buffer or the offset changes nothing", () => {
    using index = create({ dimensions: 3, metric: "dot" });
    const shadowed = Object.defineProperties(Float32Array.of(1, 2, 3), {
      length: { value: 300 },
      buffer: { value: new ArrayBuffer(0) },
      byteOffset: { value: 4096 },
    });
    index.add(shadowed);
    expect(index.size).toBe(1);
    expect(index.search(shadowed, 1)).toEqual([{ id: 0, score: 14 }]);
  });

  test.each<[unknown, AddonErrorCode]>([
    [undefined, "invalid_argument"],
    ["1", "invalid_argument"],
    [1n, "invalid_argument"],
    [0, "out_of_range"],
    [-1, "out_of_range"],
    [1.5, "out_of_range"],
    [Number.NaN, "out_of_range"],
    [2 ** 31, "out_of_range"],
    [2 ** 32 + 1, "out_of_range"],
    [Infinity, "out_of_range"],
  ])("refuses %#. wrong k", (k, code) => {
    using index = create({ dimensions: 1, metric: "dot" });
    expect(codeOf(() => index.search(Float32Array.of(1), wrong(k)))).toBe(code);
  });

  test("takes what is unusual and right", () => {
    using index = create({ dimensions: 2, metric: "dot" });
    expect(index.search(Float32Array.of(1, 1), 1)).toEqual([]);
    expect(codeOf(() => index.search(Float32Array.of(1, Number.NaN), 1))).toBe("out_of_range");
    expect(index.add(new Float32Array(0))).toBe(0);
    expect(index.add(new Float32Array(new ArrayBuffer(0, { maxByteLength: 8 })))).toBe(0);
    const numbers = Float32Array.of(9, 9, 1, 2, 3, 4);
    expect(index.add(numbers.subarray(2))).toBe(0);
    expect(index.add(new Float32Array(new ArrayBuffer(8, { maxByteLength: 64 })))).toBe(2);
    expect(index.size).toBe(3);
    expect(index.search(numbers.subarray(4), 2 ** 31 - 1)).toEqual([
      { id: 1, score: 25 },
      { id: 0, score: 11 },
      { id: 2, score: 0 },
    ]);
  });

  test("refuses options, callbacks and paths of the wrong type", () => {
    using index = create({ dimensions: 1, metric: "dot" });
    const query = Float32Array.of(1);
    index.add(query);
    expect(codeOf(() => index.search(query, 1, wrong(null)))).toBe("invalid_argument");
    expect(codeOf(() => index.search(query, 1, { accept: wrong("yes") }))).toBe("invalid_argument");
    for (const [accept, result] of [
      [async () => true, "a Promise"],
      [() => undefined, "undefined"],
      [() => 1, "1"],
    ] as const) {
      const message = `accept must return true or false, got ${result}.`;
      expect(() => index.search(query, 1, { accept: wrong(accept) })).toThrow(
        expect.objectContaining({ code: "invalid_argument", message }),
      );
    }
    for (const path of [undefined, "", "a\0b", 1, new URL("file:///")]) {
      expect(codeOf(() => index.save(wrong(path)))).toBe("invalid_argument");
      expect(codeOf(() => VectorIndex.load(wrong(path), engine))).toBe("invalid_argument");
    }
  });

  test("is not misled by what runs while its arguments are read", () => {
    const create768 = (): VectorIndex => create({ dimensions: 768, metric: "dot" });
    const query = new Float32Array(768);
    const index = create768();
    index.add(query);
    expect(codeOf(() => index.search(query, 1, wrong(closing("accept", index))))).toBe("closed");

    using other = create768();
    other.add(query);
    const lost = new Float32Array(768);
    const losing = {
      get accept(): undefined {
        structuredClone(lost.buffer, { transfer: [lost.buffer] });
        return undefined;
      },
    };
    expect(codeOf(() => other.search(lost, 1, wrong(losing)))).toBe("detached");
  });

  test("runs no code of the caller between the check of an argument and its use", () => {
    using index = create({ dimensions: 2, metric: "dot" });
    const vector = Float32Array.of(3, 4);
    for (const name of ["detached", "resizable", "byteLength"]) {
      Object.defineProperty(vector.buffer, name, { get: () => index.close() });
    }
    expect(index.add(vector)).toBe(0);
    expect(index.search(vector, 1)).toEqual([{ id: 0, score: 25 }]);

    const lost = detached(2);
    Object.defineProperty(lost.buffer, "detached", { value: false });
    expect(codeOf(() => index.add(lost))).toBe("detached");
  });

  // #region worker
  test("is not misled by what runs while a worker search is started", async () => {
    const query = new Float32Array(768);
    const create768 = (): VectorIndex => {
      const index = create({ dimensions: 768, metric: "dot" });
      index.add(query);
      return index;
    };
    using other = create768();
    const third = create768();
    const search = third.searchInWorker(query, 1, wrong(closing("signal", third)));
    await expect(search).rejects.toMatchObject({ code: "closed" });

    const fourth = create768();
    const { signal } = new AbortController();
    signal.addEventListener = () => fourth.close();
    await expect(fourth.searchInWorker(query, 1, { signal })).rejects.toMatchObject({
      code: "closed",
    });

    const broken = new AbortController().signal;
    const error = new Error("no listeners here");
    broken.addEventListener = () => {
      throw error;
    };
    await expect(other.searchInWorker(query, 1, { signal: broken })).rejects.toBe(error);
    await other.searchInWorker(query, 1);
    expect(other.add(query)).toBe(1);
  });
  // #endregion

  test("keeps the dimensions it was made with", () => {
    using index = create({ dimensions: 768, metric: "dot" });
    expect(() => Object.assign(index, { dimensions: 1 })).toThrow(TypeError);
    expect(codeOf(() => index.add(Float32Array.of(1)))).toBe("wrong_length");
  });
});
