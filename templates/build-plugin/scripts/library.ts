// Compiles the library as it is published: one ES module per source file, with its declarations.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lock } from "./lock.ts";
import { ExpectedError, type Files, updateFolder } from "./output.ts";

/** Prevents two processes from updating dist/ at the same time. */
export const BUILD_LOCK = ".cache/build.lock";

/** @throws {ExpectedError} the folder is unchanged then */
export async function updateLibrary(folder: string): Promise<void> {
  using _ = lock(BUILD_LOCK);
  updateFolder(folder, await compileLibrary());
}

/** @throws {ExpectedError} the compiler's error messages, with file, line and column */
export async function compileLibrary(): Promise<Files> {
  const folder = mkdtempSync(join(tmpdir(), "build-library-"));
  const bun = process.execPath;
  try {
    const { exitCode, stdout, stderr } =
      await Bun.$`${bun} x tsc --project tsconfig.library.json --outDir ${folder}`
        .quiet()
        .nothrow();
    if (exitCode !== 0) throw new ExpectedError(`${stdout}${stderr}`.trim());
    return readLibrary(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readLibrary(folder: string): Files {
  const paths = [...new Bun.Glob("**/*").scanSync(folder)].toSorted();
  return new Map(
    paths.map((path) => {
      const text = readFileSync(join(folder, path), "utf8");
      return [path.replaceAll("\\", "/"), new TextEncoder().encode(withExtensions(path, text))];
    }),
  );
}

/** TypeScript rewrites `./x.ts` to `./x.js` in modules, but not in declarations. */
function withExtensions(path: string, text: string): string {
  if (!path.endsWith(".d.ts")) return text;
  return text.replaceAll(/((?:from |import\()"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"');
}
