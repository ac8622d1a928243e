// Parses the command line of `bun run bench`.
import { parseArgs } from "node:util";

export interface Args {
  readonly area: string | undefined;
  /** Benches to run; empty for all. */
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly gate: boolean;
  readonly record: boolean;
  readonly json: string | undefined;
  readonly help: boolean;
}

/** The command line is wrong; the message says how to correct it. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `Usage: bun run bench <area> [options]

  --only <bench>  run only this bench of the area (may be repeated)
  --quick         three short rounds: shows that it works, not how fast it is
  --gate          exit with 1 when a figure is missed
  --json <file>   write the result, with every sample, to a file
  --record        keep the result in tooling/bench/results and show it in its README
  --help          print this`;

/** @throws {UsageError} on an unknown option, a missing value or a second area. */
export function parse(argv: readonly string[]): Args {
  const { values, positionals } = parseStrictly(argv);
  const [area, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`One area at a time: ${positionals.join(", ")}.`);
  const { only = [], quick = false, gate = false, record = false, json, help = false } = values;
  if (record && (quick || only.length > 0)) {
    throw new UsageError("--record keeps complete runs only: drop --quick and --only.");
  }
  return { area, only, quick, gate, record, json, help };
}

function parseStrictly(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        only: { type: "string", multiple: true },
        quick: { type: "boolean" },
        gate: { type: "boolean" },
        record: { type: "boolean" },
        json: { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
