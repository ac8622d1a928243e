// Compiles the library as it is published: one ES module per source file, with its declarations.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** @returns the compiler's error messages, with file, line and column; empty if there are none */
export async function compileLibrary(folder: string): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  const bun = process.execPath;
  const { exitCode, stdout, stderr } =
    await Bun.$`${bun} x tsc --project tsconfig.library.json --outDir ${folder}`.quiet().nothrow();
  if (exitCode !== 0) return `${stdout}${stderr}`.trim();
  // TypeScript rewrites `./x.ts` to `./x.js` in modules, but not in declarations.
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const text = readFileSync(join(folder, name), "utf8");
    writeFileSync(
      join(folder, name),
      text.replaceAll(/((?:from |import\()"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'),
    );
  }
  return "";
}
