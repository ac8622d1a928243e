// `bun run graph [entry…]`: what imports what, in circles too, and what nothing imports.
import { parseArgs } from "node:util";
import { reported } from "./build/failure.ts";
import { graphReport } from "./build/graph.ts";

process.chdir(import.meta.dir);
process.exitCode = await reported(() => {
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean" }, check: { type: "boolean" } },
    allowPositionals: true,
  });
  return graphReport(positionals, values);
});
