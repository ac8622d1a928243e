// Compares the samples of a run with the figures of its area.
import type { Figure } from "./area.ts";
import { median, ratios } from "./stats.ts";

/** Samples by bench and contestant. */
export type Samples = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

export interface Verdict {
  readonly figure: Figure;
  /** The median, or the median of the ratios. */
  readonly value: number;
  readonly kept: boolean;
}

/** Returns a verdict for each figure whose bench was run. @throws if a figure names an unknown contestant. */
export function judge(figures: readonly Figure[], samples: Samples): readonly Verdict[] {
  return figures
    .filter(({ bench }) => bench in samples)
    .map((figure) => {
      const of = samplesOf(samples, figure.bench, figure.of);
      const values =
        figure.over === undefined ? of : ratios(of, samplesOf(samples, figure.bench, figure.over));
      const value = median(values);
      const kept = "atLeast" in figure ? value >= figure.atLeast : value <= figure.atMost;
      return { figure, value, kept };
    });
}

function samplesOf(samples: Samples, bench: string, contestant: string): readonly number[] {
  const found = samples[bench]?.[contestant];
  if (found === undefined)
    throw new Error(`A figure of ${bench} names ${contestant}: no such contestant.`);
  return found;
}
