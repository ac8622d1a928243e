// The sets of features that the tests leave out of a template, derived from its manifest.
import type { Feature } from "../src/flatten/features.ts";

const PAIRS = 4;

/** Nothing, each single feature, all features, and some random pairs. The same seed gives the same pairs. */
export function combinationsOf(
  features: readonly Pick<Feature, "name">[],
  seed: number,
): readonly (readonly string[])[] {
  const names = features.map(({ name }) => name);
  const pairs = names.flatMap((first, index) =>
    names.slice(index + 1).map((second) => [first, second]),
  );
  const random = randomFrom(seed);
  const chosen = pairs
    .map((pair) => ({ pair, order: random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, PAIRS)
    .map(({ pair }) => pair);
  const sets = [[], ...names.map((name) => [name]), ...chosen, names];
  return [...new Map(sets.map((set) => [set.join(), set])).values()];
}

/** Mulberry32: numbers from 0 to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
