// The program of `bun run build`.
import { updateLibrary } from "./scripts/library.ts";

// Paths in the output are relative to this folder, whatever the working directory is.
process.chdir(import.meta.dir);
// #region site
// Builds the library, the site and a report on both. `--only=library` skips this part.
const args = process.argv.slice(2);
if (!/^--only[ =]library$/.test(args.join(" "))) {
  const { runPipeline } = await import("./build/main.ts");
  process.exit(await runPipeline(args));
}
// #endregion
// Compiles the library into dist/library.
const problems = await updateLibrary("dist/library");
if (problems !== "") {
  console.error(problems);
  process.exitCode = 1;
}
