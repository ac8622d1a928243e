// `bun run graph [entry…]`: prints the import graph, its cycles, and unused files.
import { parseArgs } from "node:util";
import { runAndReport } from "./build/failure.ts";
import { graphReport } from "./build/graph.ts";

process.chdir(import.meta.dir);
process.exitCode = await runAndReport(() => {
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean" }, check: { type: "boolean" } },
    allowPositionals: true,
  });
  return graphReport(positionals, values);
});
