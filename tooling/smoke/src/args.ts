// Parses the command line of `bun run smoke`.
import { parseArgs } from "node:util";

export interface Args {
  /** Names of starters; empty for all. */
  readonly template: readonly string[];
  readonly package: string | undefined;
  readonly drift: boolean;
  /** A path; `-` is standard output. */
  readonly json: string | undefined;
  readonly keep: boolean;
  readonly help: boolean;
}

/** The command line is wrong; the message says how to correct it. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `Usage: bun run smoke [options]

Creates every starter from the packed command, outside the repository, and runs each command that its owner would run.
Then it does the same for each feature of a starter, with that feature left out.

  --template <name>  only this starter (may be repeated)
  --package <file>   use this tarball of create-bunyard instead of packing this tree
  --drift            after the install, update every dependency to its newest release (bun update --latest)
  --json <file>      write the matrix as JSON; - is standard output
  --keep             keep the projects and all logs, and print where they are
  --help             print this

A starter's package.json has exact versions, and a new project has no lockfile: in every run, indirect dependencies
are the newest that their ranges allow. Only --drift shows what newer direct dependencies would break.

Exit codes: 0 every cell passed, 1 a cell failed, 2 wrong usage, 130 interrupted.`;

/** @throws {UsageError} on an unknown option, a missing value or an extra argument. */
export function parse(argv: readonly string[]): Args {
  const values = parseStrictly(argv);
  return {
    ...values,
    template: [...new Set(values.template)],
    package: values.package,
    json: values.json,
  };
}

function parseStrictly(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        template: { type: "string", multiple: true },
        package: { type: "string" },
        drift: { type: "boolean", default: false },
        json: { type: "string" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
