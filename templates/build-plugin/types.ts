// `bun run types` writes a declaration beside each content file; `--check` fails if one is not up to date.

import { reported } from "./build/failure.ts";
import { checkTypes, writeTypes } from "./build/types.ts";

process.chdir(import.meta.dir);
process.exitCode = await reported(process.argv.includes("--check") ? checkTypes : writeTypes);
