// `bun run build`: the library, the site and a report on both, into dist/. The README tells the options.

import { reported } from "./build/failure.ts";
import { readOptions } from "./build/options.ts";
import { build } from "./build/pipeline.ts";

// Paths in the output are relative to here, wherever the command is typed.
process.chdir(import.meta.dir);

const run = () => reported(() => build(readOptions(process.argv.slice(2))));
process.exitCode = await run();
if (process.argv.includes("--watch")) {
  const { watchFolders } = await import("./build/watch.ts");
  await watchFolders(["site", "src"], run);
}
