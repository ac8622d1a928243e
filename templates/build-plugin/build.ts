// The program of `bun run build`: compiles the library into dist/library.
// #region site
// Also builds the site and a report on both, unless `--only=library` is set.
import { parseArgs } from "node:util";
import { BuildFailure, runAndReport } from "./build/failure.ts";
import { type BuildOptions, build, inputPaths } from "./build/pipeline.ts";
import { Watcher } from "./build/watcher.ts";
// #endregion
import { updateLibrary } from "./scripts/library.ts";

// Paths in the output are relative to this folder, whatever the working directory is.
process.chdir(import.meta.dir);
// #region site
const args = process.argv.slice(2);
// The library alone is built without the pipeline and its cache, as when a package is published.
const isLibraryOnly = /^--only[ =]library$/.test(args.join(" "));
if (!isLibraryOnly) process.exit(await runAndReport(runPipeline));
// #endregion
await updateLibrary("dist/library").catch((error) => {
  // An error with a code is not a bug: a full disk, a folder without permission.
  console.error(error.code === undefined ? error : error.message);
  process.exitCode = 1;
});
// #region site

/** Builds once, or after each change. */
function runPipeline(): Promise<string> {
  const { watch, ...options } = readOptions();
  return watch ? watchInputs() : build(options);
}

/** @throws {TypeError} for an unknown option, {BuildFailure} for an unknown value of --only */
function readOptions(): BuildOptions & { readonly watch: boolean } {
  const { only, compress, watch } = parseArgs({
    args,
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

/**
 * Runs until the process ends. Each build runs in a new process. A running process keeps the modules that it has loaded: it
 * would build with the old schema, but store the result under the key of the new one.
 * A build that fails prints the reason; the next change starts another build.
 */
async function watchInputs(): Promise<never> {
  const options = args.filter((arg) => arg !== "--watch");
  console.log(`Watching ${inputPaths().join(", ")}`);
  for (;;) {
    using inputs = new Watcher(inputPaths());
    await Bun.spawn([process.execPath, ...process.execArgv, "build.ts", ...options], {
      stdio: ["ignore", "inherit", "inherit"],
    }).exited;
    await inputs.settled();
  }
}
// #endregion
