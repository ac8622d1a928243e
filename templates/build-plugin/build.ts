// `bun run build`: the library, the site and a report on both, into dist/. The README tells the options.

import { reported } from "./build/failure.ts";
import { readOptions } from "./build/options.ts";
import { build } from "./build/pipeline.ts";

// Paths in the output are relative to here, wherever the command is typed.
process.chdir(import.meta.dir);

const args = process.argv.slice(2);
process.exitCode = await reported(async () => {
  const { watch, ...options } = readOptions(args);
  if (!watch) return build(options);
  const { watchBuild } = await import("./build/watch.ts");
  return watchBuild(args.filter((arg) => arg !== "--watch"));
});
