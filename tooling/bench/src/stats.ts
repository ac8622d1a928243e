// The statistics of a table of samples. Only `ratios` depends on the order of the samples.

/** The value at `share` (0 to 1) of the sorted samples, between two of them by linear interpolation. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) throw new RangeError("There are no samples.");
  return below + (above - below) * (at - Math.floor(at));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Interquartile range of the samples, as a share of the median. */
export function spread(samples: readonly number[]): number {
  return (quantile(samples, 0.75) - quantile(samples, 0.25)) / median(samples);
}

/** `of` divided by `over`, round by round, because both samples of a round had the same load on the machine. */
export function ratios(of: readonly number[], over: readonly number[]): readonly number[] {
  if (of.length !== over.length) throw new RangeError("The samples do not come in pairs.");
  return of.map((value, round) => value / (over[round] ?? Number.NaN));
}
