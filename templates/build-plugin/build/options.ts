// The options of `bun run build`.
import { parseArgs } from "node:util";
import { BuildFailure } from "./failure.ts";

export interface BuildOptions {
  /** Builds only the site; dist/ then contains nothing else. */
  readonly only: "site" | undefined;
  /** Writes `.gz` and `.br` variants. Brotli runs at its highest quality, which is slow. */
  readonly compress: boolean;
}

/**
 * Parses the options. build.ts handles `--only=library` without other options.
 * @throws {TypeError} for an unknown option, {BuildFailure} for an unknown value of --only
 */
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
  if (only === undefined || only === "site") return { only, compress, watch };
  if (only === "library") throw new BuildFailure("Use --only=library without other options.");
  throw new BuildFailure(`There is no part "${only}".`, "Use --only=library or --only=site.");
}
