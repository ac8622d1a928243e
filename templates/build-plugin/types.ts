// `bun run types` writes a declaration beside each content file; `--check` fails if one is not up to date.
import { parseArgs } from "node:util";
import { reported } from "./build/failure.ts";
import { checkTypes, writeTypes } from "./build/types.ts";

process.chdir(import.meta.dir);
process.exitCode = await reported(() => {
  const { check } = parseArgs({ options: { check: { type: "boolean" } } }).values;
  return check ? checkTypes() : writeTypes();
});
