// The pipeline's part of `bun run build` and `bun run watch`: parses the options, and builds once or in watch mode.
import { runAndReport } from "./failure.ts";
import { readOptions } from "./options.ts";
import { build } from "./pipeline.ts";

/** @returns the exit code */
export function runPipeline(args: readonly string[]): Promise<number> {
  return runAndReport(async () => {
    const { watch, ...options } = readOptions(args);
    if (!watch) return build(options);
    const { watchBuild } = await import("./watch.ts");
    return watchBuild(args.filter((arg) => arg !== "--watch"));
  });
}
