// The library as it is published: one ES module a source file, with its declarations, by TypeScript.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildFailure } from "./failure.ts";
import { type Files, readFolder, sorted } from "./files.ts";

const PROJECT = "tsconfig.library.json";

/** @throws {BuildFailure} with what the compiler says, which has files, lines and columns. */
export async function buildLibrary(): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), "build-library-"));
  try {
    const bun = process.execPath;
    const { exitCode, stdout, stderr } =
      await Bun.$`${bun} x tsc --project ${PROJECT} --outDir ${folder}`.quiet().nothrow();
    if (exitCode !== 0) throw new BuildFailure(`${stdout}${stderr}`.trim());
    return sorted([...readFolder(folder)].map(withModulePaths));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** TypeScript rewrites `./x.ts` to `./x.js` in modules, and leaves it in declarations. */
function withModulePaths([path, bytes]: [string, Uint8Array]): [string, Uint8Array] {
  if (!path.endsWith(".d.ts")) return [path, bytes];
  const text = new TextDecoder().decode(bytes);
  const rewritten = text.replaceAll(/(from "\.{1,2}\/[^"]+)\.ts"/g, '$1.js"');
  return [path, new TextEncoder().encode(rewritten)];
}
