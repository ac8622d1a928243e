// What `bun run build` can be told.
import { parseArgs } from "node:util";
import { BuildFailure } from "./failure.ts";

export interface BuildOptions {
  /** Build only this part; dist/ then holds nothing else. */
  readonly only: "library" | "site" | undefined;
  /** Compress ahead of time, with brotli at its best, which is slow. */
  readonly compress: boolean;
}

/** @throws for what it does not know. */
export function readOptions(args: readonly string[]): BuildOptions & { readonly watch: boolean } {
  const { only, compress, watch } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      compress: { type: "boolean", default: true },
      watch: { type: "boolean", default: false },
    },
    allowNegative: true,
  }).values;
  if (only === undefined || only === "library" || only === "site") return { only, compress, watch };
  throw new BuildFailure(`There is no part "${only}".`, "Use --only library or --only site.");
}
