// Finds out which of a project's own files a command changed.
import { join } from "node:path";

/** Folders that are installed or built. */
const MADE = /(^|[/\\])(node_modules|dist|\.cache|\.git)[/\\]/;

/** Hashes every file, by path. */
export async function fingerprints(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = await Array.fromAsync(
    new Bun.Glob("**/*").scan({ cwd: directory, dot: true, onlyFiles: true }),
  );
  const hashed = files
    .filter((file) => !MADE.test(file))
    .map(async (file) => {
      const bytes = await Bun.file(join(directory, file)).bytes();
      return [file, Bun.hash(bytes).toString(16)] as const;
    });
  return new Map(await Promise.all(hashed));
}

/** Paths that were added, removed or changed, sorted. */
export function changes(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}
