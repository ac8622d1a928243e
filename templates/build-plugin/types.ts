// `bun run types` writes a declaration beside each content file; `--check` fails if one is out of date.
import { parseArgs } from "node:util";
import { BuildFailure, runAndReport } from "./build/failure.ts";
import { PUBLIC } from "./build/files.ts";
import { collections } from "./site/collections.ts";
import { displayPath } from "./src/error.ts";
import { writeTypes } from "./src/index.ts";

process.chdir(import.meta.dir);
process.exitCode = await runAndReport(async () => {
  const { check } = parseArgs({ options: { check: { type: "boolean" } } }).values;
  const result = await writeTypes("site", {
    // A plugin has the name of its format.
    schemas: collections.map((entry) => ({ ...entry, format: entry.plugin(entry).name })),
    ignore: [PUBLIC], // its files are copied, and may be invalid
    check,
  });
  const changes = [...result.written, ...result.removed].map(displayPath);
  if (check && changes.length > 0) {
    throw new BuildFailure(`Out of date: ${changes.join(", ")}`, "Run `bun run types`.");
  }
  return [`declarations: ${result.count}, changed: ${changes.length}`, ...changes].join("\n  ");
});
