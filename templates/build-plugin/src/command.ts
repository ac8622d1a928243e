#!/usr/bin/env node
// The command of the package: `<package> <folder> [--watch | --check]` writes the declarations of content files.
import { parseArgs } from "node:util";
import { displayPath } from "./error.ts";
import { packageName } from "./hosts/wrong-host.ts";
import { type TypesResult, watchTypes, writeTypes } from "./types/write.ts";

const { values, folder } = parseOrExit();
try {
  if (values.watch) await watchTypes(folder, { report: printOutcome });
  else await writeOnce();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function writeOnce(): Promise<void> {
  const result = await writeTypes(folder, { check: values.check });
  printResult(result);
  if (values.check && result.written.length + result.removed.length > 0) process.exitCode = 1;
}

function printOutcome(outcome: TypesResult | Error): void {
  if (outcome instanceof Error) console.error(outcome.message);
  else printResult(outcome);
}

function parseOrExit() {
  try {
    const options = { watch: { type: "boolean" }, check: { type: "boolean" } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [folder, ...others] = positionals;
    if (folder === undefined || others.length > 0) throw new Error("Name one folder.");
    if (values.watch && values.check) throw new Error("Use either --watch or --check.");
    return { values, folder };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    // npm names the command after the package, without its scope.
    const command = packageName().replace(/^@.*\//, "");
    console.error(`Usage: ${command} <folder> [--watch | --check]`);
    console.error("Writes a declaration (.d.ts) beside each content file.");
    process.exit(2);
  }
}

function printResult({ count, written, removed }: TypesResult): void {
  const { check } = values;
  for (const path of written) console.log(check ? "out of date" : "wrote", displayPath(path));
  for (const path of removed) console.log(check ? "unused" : "removed", displayPath(path));
  console.log(`declarations: ${count}`);
}
