// Stores the last complete run of each area, and shows all of them in this folder's README.
import { join } from "node:path";
import { runCommand } from "./command.ts";
import type { Result } from "./result.ts";
import { renderResult } from "./table.ts";

const ROOT = join(import.meta.dir, "..");
const README = join(ROOT, "README.md");
const BLOCK = /(?<=<!-- results -->\n).*(?=<!-- \/results -->)/s;

/** Writes the result to `results/<area>.json` and all of them to the README. */
export async function record(result: Result): Promise<void> {
  const file = join(ROOT, "results", `${result.area}.json`);
  await Bun.write(file, `${JSON.stringify(result, null, 2)}\n`);
  await runCommand(["bun", "run", "biome", "format", "--write", file], { cwd: ROOT });
  await Bun.write(README, withResults(await Bun.file(README).text(), await readResults()));
}

/** The README with its block of results replaced. */
export function withResults(readme: string, results: readonly Result[]): string {
  return readme.replace(
    BLOCK,
    () => `${results.map((result) => `\n${renderResult(result)}\n`).join("")}\n`,
  );
}

export async function readResults(): Promise<readonly Result[]> {
  const files = await Array.fromAsync(new Bun.Glob("results/*.json").scan(ROOT));
  return await Promise.all(files.sort().map((file) => Bun.file(join(ROOT, file)).json()));
}
