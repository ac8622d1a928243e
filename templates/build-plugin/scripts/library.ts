// Compiles the library as it is published: one ES module per source file, with its declarations.
import {
  existsSync,
  lstatSync,
  mkdirSync,
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
 * @param path of a folder, or of a symbolic link to one, which is kept, as is `.git` in the folder
 * @throws {LibraryError} the folder is unchanged then
 */
export async function updateLibrary(path: string): Promise<void> {
  using _ = lock(BUILD_LOCK);
  refuseDanglingLink(path);
  const folder = existsSync(path) ? realpathSync(path) : path;
  const staging = `${folder}.tmp`;
  rmSync(staging, { recursive: true, force: true });
  await compileLibrary(staging);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    // The folder may be a checkout of the branch to deploy.
    if (name !== ".git") rmSync(join(folder, name), { recursive: true });
  }
  for (const name of readdirSync(staging)) renameSync(join(staging, name), join(folder, name));
  rmSync(staging, { recursive: true });
}

/** Not a bug, as its code says, so it is printed without a stack trace. */
class LibraryError extends Error {
  readonly code = "LIBRARY";
}

/** Otherwise the link would be replaced, and its target, which may be what is deployed, would stay as it is. */
export function refuseDanglingLink(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() || existsSync(path)) return;
  throw new LibraryError(
    `${path} is a link to ${readlinkSync(path)}, which does not exist. Create it, or remove the link.`,
  );
}

/**
 * @param folder empty, or missing
 * @throws {LibraryError} the compiler's error messages, with file, line and column
 */
export async function compileLibrary(folder: string): Promise<void> {
  const bun = process.execPath;
  const { exitCode, stdout, stderr } =
    await Bun.$`${bun} x tsc --project tsconfig.library.json --outDir ${folder}`.quiet().nothrow();
  if (exitCode !== 0) throw new LibraryError(`${stdout}${stderr}`.trim());
  // TypeScript rewrites `./x.ts` to `./x.js` in modules, but not in declarations.
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const text = readFileSync(join(folder, name), "utf8");
    writeFileSync(
      join(folder, name),
      text.replaceAll(/((?:from |import\()"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'),
    );
  }
}
