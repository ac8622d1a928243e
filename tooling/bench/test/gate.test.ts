// The gate: verdicts for figures, and an error for a figure that names an unknown contestant.
import { expect, test } from "bun:test";
import { judge } from "../src/gate.ts";

const samples = {
  json: {
    ours: [24_000, 25_000, 26_000],
    bare: [30_000, 30_000, 30_000],
    node: [9_000, 8_000, 9_000],
  },
  start: { ours: [41, 44, 43] },
};

test("a ratio is held to its bound, and the bound itself is kept", () => {
  const verdicts = judge(
    [
      { bench: "json", of: "ours", over: "bare", atLeast: 0.8 },
      { bench: "json", of: "ours", over: "node", atLeast: 3 },
      { bench: "json", of: "bare", over: "bare", atMost: 1 },
    ],
    samples,
  );
  expect(verdicts.map(({ kept }) => kept)).toEqual([true, false, true]);
  expect(verdicts[0]?.value).toBeCloseTo(0.833, 3);
});

test("without `over` the median itself is held", () => {
  const [below, above] = judge(
    [
      { bench: "start", of: "ours", atMost: 60 },
      { bench: "start", of: "ours", atMost: 42 },
    ],
    samples,
  );
  expect(below).toMatchObject({ value: 43, kept: true });
  expect(above).toMatchObject({ value: 43, kept: false });
});

test("figures of benches that were not run are left out", () => {
  expect(judge([{ bench: "memory", of: "ours", atMost: 2 }], samples)).toEqual([]);
});

test("a value that is not a number keeps no figure", () => {
  const broken = { json: { ours: [1], bare: [Number.NaN] } };
  const [verdict] = judge([{ bench: "json", of: "ours", over: "bare", atLeast: 0.1 }], broken);
  expect(verdict?.kept).toBe(false);
});

test("a figure that names no contestant is an error, not a pass", () => {
  expect(() => judge([{ bench: "json", of: "theirs", atLeast: 1 }], samples)).toThrow("theirs");
});
