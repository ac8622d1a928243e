// Files in memory, which the steps of the build return and combine, and helpers to read files from disk.
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { BuildFailure } from "./failure.ts";

/** Contents by path, sorted by path. Paths are relative to the output folder of the step, with forward slashes. */
export type Files = ReadonlyMap<string, Uint8Array>;

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
  const sourceOf = new Map<string, string>();
  const merged: [string, Uint8Array][] = [];
  const problems: string[] = [];
  for (const [source, files] of Object.entries(sources)) {
    for (const [path, bytes] of files) {
      const other = sourceOf.get(path);
      if (other === undefined) merged.push([path, bytes]);
      else problems.push(`${folder}/${path} would be written by ${other} and by ${source}.`);
      sourceOf.set(path, source);
    }
  }
  for (const [path, source] of sourceOf) {
    for (const parent of parentsOf(path)) {
      const other = sourceOf.get(parent);
      if (other === undefined) continue;
      problems.push(`${folder}/${parent} would be a file of ${other} and a folder of ${source}.`);
    }
  }
  if (problems.length > 0) throw new BuildFailure(problems.join("\n"), "Rename one of the files.");
  return sortFiles(merged);
}

/** Returns the folders above a path: `a` and `a/b` for `a/b/c`. */
export const parentsOf = (path: string): string[] =>
  [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));

/** Prefixes every path with a folder. */
export function prefixPaths(folder: string, files: Files): [string, Uint8Array][] {
  return [...files].map(([path, bytes]) => [`${folder}/${path}`, bytes]);
}

/**
 * Returns the sorted paths of all files below a folder, or the path itself if it is a file. Follows symbolic links, but not
 * to a folder that contains the link. Omits dangling links, such as the locks of editors, and anything that is not a
 * regular file.
 */
export function pathsBelow(path: string, parents: readonly string[] = []): string[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry?.isFile()) return [path];
  if (!entry?.isDirectory()) return [];
  const folder = unlessGone(() => realpathSync(path), path);
  if (parents.includes(folder)) return [];
  return unlessGone(() => readdirSync(path, { withFileTypes: true }), [])
    .flatMap((inner) => {
      const innerPath = join(path, inner.name).replaceAll("\\", "/");
      return inner.isFile() ? [innerPath] : pathsBelow(innerPath, [...parents, folder]);
    })
    .toSorted();
}

/** Returns the real paths of the folders at and below a path. Follows symbolic links, and omits dangling ones. */
export function foldersBelow(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return found;
  const folder = unlessGone(() => realpathSync(path), undefined);
  if (folder === undefined || found.has(folder)) return found;
  found.add(folder);
  for (const entry of unlessGone(() => readdirSync(folder, { withFileTypes: true }), [])) {
    if (!entry.isFile()) foldersBelow(join(folder, entry.name), found);
  }
  return found;
}

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
  for (const [path, bytes] of contentsOf(paths.flatMap((path) => pathsBelow(path)))) {
    hash.update(`\0${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

/** Returns whether a file or folder, or anything in it, was written, added or removed since a time in milliseconds. */
export function changedSince(time: number, paths: readonly string[]): boolean {
  const found = paths.flatMap((path) => [...foldersBelow(path), ...pathsBelow(path)]);
  return found.some((path) => {
    const entry = statSync(path, { throwIfNoEntry: false });
    return entry === undefined || entry.ctimeMs >= time;
  });
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
