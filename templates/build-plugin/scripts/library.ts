// Compiles the library as it is published: one ES module per source file, with its declarations.
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { lock } from "./lock.ts";

/** Prevents two processes from updating dist/ at the same time. */
export const BUILD_LOCK = ".cache/build.lock";

/**
 * @param path of a folder, or of a symbolic link to one, which is kept
 * @returns the errors, with file, line and column if they are of the compiler. If there are any, the folder is unchanged.
 */
export async function updateLibrary(path: string): Promise<string> {
  using _ = lock(BUILD_LOCK);
  const problem = checkLink(path);
  if (problem !== "") return problem;
  const folder = existsSync(path) ? realpathSync(path) : path;
  const staging = `${folder}.tmp`;
  rmSync(staging, { recursive: true, force: true });
  const problems = await compileLibrary(staging);
  if (problems !== "") return problems;
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
  return "";
}

/** Returns an error if the path is a symbolic link to something that does not exist, otherwise an empty string. */
export function checkLink(path: string): string {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() || existsSync(path)) return "";
  return `${path} is a link to ${readlinkSync(path)}, which does not exist. Create it, or remove the link.`;
}

/**
 * @param folder empty, or missing
 * @returns the compiler's error messages
 */
export async function compileLibrary(folder: string): Promise<string> {
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
