// The files of a project that its owner writes, and what became of them.
import { join } from "node:path";

/** What is installed or built. */
const MADE = /(^|[/\\])(node_modules|dist|\.cache|\.git)[/\\]/;

/** A hash of every file, by path. */
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

/** Paths that are new, gone or different, sorted. */
export function changes(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}
