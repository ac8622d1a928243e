// Files in memory, which the steps of the build return and combine, and helpers to read files from disk.
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, posix, resolve } from "node:path";
import { type Files, parentsOf } from "../scripts/output.ts";
import { BuildFailure } from "./failure.ts";

/** Copied into dist/site/ as they are. */
export const PUBLIC = "site/public";

export function sortFiles(files: Iterable<readonly [string, Uint8Array]>): Files {
  return new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Merges the files of several sources into one folder.
 * @param folder its path, for the error message
 * @param sources files by the name of their source, for the error message
 * @throws {BuildFailure} names each path that two sources would write, or that is a file of one and a folder of another
 */
export function merge(folder: string, sources: Readonly<Record<string, Files>>): Files {
  // By path in lower case, because some disks ignore case.
  const sourceOf = new Map<string, string>();
  const merged: [string, Uint8Array][] = [];
  const problems: string[] = [];
  const otherSource = (path: string, source: string) => {
    const other = sourceOf.get(path.toLowerCase());
    return other === source ? undefined : other;
  };
  for (const [source, files] of Object.entries(sources)) {
    for (const [path, bytes] of files) {
      const other = otherSource(path, source);
      if (other === undefined) merged.push([path, bytes]);
      else problems.push(`${folder}/${path} would be written by ${other} and by ${source}.`);
      sourceOf.set(path.toLowerCase(), source);
    }
  }
  for (const [source, files] of Object.entries(sources)) {
    for (const parent of [...files.keys()].flatMap(parentsOf)) {
      const other = otherSource(parent, source);
      if (other === undefined) continue;
      problems.push(`${folder}/${parent} would be a file of ${other} and a folder of ${source}.`);
    }
  }
  if (problems.length > 0) {
    const hint = "Rename one of the files, in more than upper and lower case.";
    throw new BuildFailure(problems.join("\n"), hint);
  }
  return sortFiles(merged);
}

/** Prefixes every path with a folder. */
export function prefixPaths(folder: string, files: Files): [string, Uint8Array][] {
  return [...files].map(([path, bytes]) => [`${folder}/${path}`, bytes]);
}

/**
 * Returns the sorted paths of all files below a folder, or the path itself if it is a file. Follows symbolic links, but not
 * to a folder that contains the link. Omits hidden files, dangling links, and anything that is not a regular file.
 */
export function pathsBelow(path: string, parents: readonly string[] = []): string[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry?.isFile()) return [path];
  if (!entry?.isDirectory()) return [];
  const folder = unlessGone(() => realpathSync(path), path);
  if (parents.includes(folder)) return [];
  return unlessGone(() => readdirSync(path, { withFileTypes: true }), [])
    .filter(({ name }) => !isHidden(name))
    .flatMap((inner) => {
      // `posix`, because on Linux and macOS, a backslash is part of a name.
      const innerPath = posix.join(path, inner.name);
      return inner.isFile() ? [innerPath] : pathsBelow(innerPath, [...parents, folder]);
    })
    .toSorted();
}

/** Returns whether a name is that of a temporary file of an editor or the system. Names that servers need are not. */
export const isHidden = (name: string): boolean =>
  /^\.(?!(well-known|nojekyll|htaccess)$)/.test(name);

/** Yields the contents of files. Skips those that were removed after they were listed, as editors and git do. */
function* contentsOf(paths: readonly string[]): Iterable<[path: string, bytes: Uint8Array]> {
  for (const path of paths) {
    const bytes = unlessGone(() => readFileSync(path), undefined);
    if (bytes !== undefined) yield [path, bytes];
  }
}

export function readFolder(folder: string): Files {
  const files = [...contentsOf(pathsBelow(folder))];
  return new Map(files.map(([path, bytes]) => [path.slice(folder.length + 1), bytes]));
}

/** SHA-256 of JSON values, and of the paths and contents of files. */
export function fingerprint(values: unknown, paths: readonly string[]): string {
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify(values));
  for (const [path, bytes] of contentsOf(paths)) {
    hash.update(`\0${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

export interface FileState {
  /** Changes when the file is written or replaced, even by the same content. */
  readonly version: string;
  /** The time of the latest change in milliseconds, also of its name or of its links. */
  readonly ctimeMs: number;
}

/** Returns the state of each file below the paths. */
export function statesOf(paths: readonly string[]): ReadonlyMap<string, FileState> {
  const states = new Map<string, FileState>();
  for (const path of paths.flatMap((path) => pathsBelow(path))) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const { ino, size, mtimeMs, ctimeMs } = stat;
    // Without `ctimeMs`, which also changes when `bun install` links the file into another project.
    states.set(path, { version: `${ino} ${size} ${mtimeMs}`, ctimeMs });
  }
  return states;
}

/** Returns the path of the file that a module imports, or undefined if the import names no file. */
export function resolveImport(from: string, specifier: string): string | undefined {
  try {
    return Bun.resolveSync(specifier, resolve(dirname(from)));
  } catch (error) {
    if (error instanceof ResolveMessage) return undefined;
    throw error;
  }
}

/** Returns `gone` instead of throwing if the file or folder does not exist, or no longer exists. */
export function unlessGone<T, G>(read: () => T, gone: G): T | G {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return gone;
    throw error;
  }
}

/** `./main.js` → `main.js` */
export const withoutDot = (path: string): string => path.replace(/^\.\//, "");

/** Encodes a value as an indented JSON file. */
export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
