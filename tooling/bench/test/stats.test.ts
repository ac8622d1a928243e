// The statistics, on samples whose answers are known.
import { expect, test } from "bun:test";
import { median, quantile, ratios, spread } from "../src/stats.ts";

test("the median is the middle sample, or halfway between the two middle ones", () => {
  expect(median([57, 52, 61])).toBe(57);
  expect(median([48, 46, 50, 52])).toBe(49);
  expect(median([14.5])).toBe(14.5);
});

test("a single outlier moves neither the median nor the spread", () => {
  const calm = [24.1, 24.2, 24.3, 24.4, 24.5];
  const hiccup = [24.1, 24.2, 24.3, 24.4, 950];
  expect(median(hiccup)).toBe(median(calm));
  expect(spread(hiccup)).toBeCloseTo(spread(calm), 10);
});

test("the spread is the width of the middle half as a share of the median", () => {
  expect(spread([80, 90, 100, 110, 120])).toBeCloseTo(0.2, 10);
  expect(spread([7, 7, 7])).toBe(0);
});

test("quantiles interpolate", () => {
  expect(quantile([10, 20, 30, 40], 0)).toBe(10);
  expect(quantile([10, 20, 30, 40], 0.25)).toBe(17.5);
  expect(quantile([10, 20, 30, 40], 1)).toBe(40);
});

test("ratios are taken round by round, so that a slow round does not count", () => {
  // The machine was busy in the second round: the ratio of the medians would say 0.5.
  const ours = [40_000, 8_000, 20_000];
  const bare = [50_000, 10_000, 40_000];
  expect(ratios(ours, bare)).toEqual([0.8, 0.8, 0.5]);
  expect(median(ratios(ours, bare))).toBe(0.8);
});

test("nothing is made up: no samples and uneven pairs are errors", () => {
  expect(() => median([])).toThrow(RangeError);
  expect(() => ratios([1, 2], [1])).toThrow(RangeError);
});
