// `bun run types` writes a declaration beside each content file; `--check` fails if one is out of date.
import { parseArgs } from "node:util";
import { runAndReport } from "./build/failure.ts";
import { updateTypes } from "./build/types.ts";

process.chdir(import.meta.dir);
process.exitCode = await runAndReport(() => {
  const { check } = parseArgs({ options: { check: { type: "boolean" } } }).values;
  return updateTypes(check ?? false);
});
