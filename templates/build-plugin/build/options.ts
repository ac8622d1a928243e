// What `bun run build` can be told.
import { parseArgs } from "node:util";
import { BuildFailure } from "./failure.ts";

export interface BuildOptions {
  /** Build only this part; dist/ then holds nothing else. */
  readonly only: "library" | "site" | undefined;
  /** Compress ahead of time, with brotli at its best, which is slow. */
  readonly compress: boolean;
}

/** @throws {BuildFailure} for what it does not know. */
export function readOptions(args: readonly string[]): BuildOptions {
  const { only, compress } = parse(args);
  if (only === undefined || only === "library" || only === "site") return { only, compress };
  throw new BuildFailure(`There is no part "${only}".`, "Use --only library or --only site.");
}

function parse(args: readonly string[]) {
  try {
    const options = {
      only: { type: "string" },
      compress: { type: "boolean", default: true },
      watch: { type: "boolean" },
    } as const;
    return parseArgs({ args: [...args], options, allowNegative: true }).values;
  } catch (error) {
    throw new BuildFailure(error instanceof Error ? error.message : String(error));
  }
}
