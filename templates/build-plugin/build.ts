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
await updateLibrary("dist/library").catch((error) => {
  // An error with a code is not a bug: a full disk, a folder without permission.
  console.error(error.code === undefined ? error : error.message);
  process.exitCode = 1;
});
