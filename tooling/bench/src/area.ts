// An area: its benches, each with contestants that are measured in turn, and the figures to reach.
import type { Run } from "./run.ts";

/** Takes one sample, in the unit of its bench. */
export type Sample = () => Promise<number>;

/** Starts the program to measure (once, before the first round), and returns a function that takes a sample. */
export type Contestant = (run: Run) => Promise<Sample> | Sample;

/** Contestants that do the same work, sampled in turn: A B C A B C … */
export interface Bench {
  /** Unit of the samples, for example `req/s`, `ms` or `MiB`. */
  readonly unit: string;
  /** Samples of each contestant (default 7; a quick run takes 3). */
  readonly rounds?: number;
  /** Samples that are taken first and discarded (default 1). */
  readonly warmups?: number;
  /** Prepares, once and in `run.folder`, what all contestants need. */
  readonly prepare?: (run: Run) => Promise<void>;
  /** By the names that the table and the figures use. */
  readonly contestants: Readonly<Record<string, Contestant>>;
}

/** A bound for the median of `of`, or for the median of its ratio to `over`, round by round. */
export type Figure = {
  readonly bench: string;
  readonly of: string;
  readonly over?: string;
} & ({ readonly atLeast: number } | { readonly atMost: number });

export interface Area {
  /** One line, for the list of areas. */
  readonly description: string;
  /** Packages of `peers/package.json` that it needs. They are installed before the first bench. */
  readonly peers?: readonly string[];
  readonly benches: Readonly<Record<string, Bench>>;
  readonly figures: readonly Figure[];
}
