// Files in memory: what a step of the build makes, by path below the folder it is for.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Sorted by path; paths have forward slashes. */
export type Files = ReadonlyMap<string, Uint8Array>;

export function sorted(files: Iterable<readonly [string, Uint8Array]>): Files {
  return new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same files, in a folder. */
export function below(folder: string, files: Files): [string, Uint8Array][] {
  return [...files].map(([path, bytes]) => [`${folder}/${path}`, bytes]);
}

/**
 * Paths of all files below a folder, or the path of a file, sorted: the order on disk plays no part.
 * Links are followed; one that leads nowhere, such as an editor's lock, is left out like a pipe.
 */
export function pathsBelow(path: string): string[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry?.isFile()) return [path];
  if (!entry?.isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true })
    .flatMap((inner) => {
      const innerPath = join(path, inner.name).replaceAll("\\", "/");
      return inner.isFile() ? [innerPath] : pathsBelow(innerPath);
    })
    .toSorted();
}

export function readFolder(folder: string): Files {
  const paths = pathsBelow(folder);
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path)]));
}

/** SHA-256 of values and of the names and contents of files. */
export function fingerprint(values: unknown, paths: readonly string[]): string {
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify(values));
  for (const path of paths.flatMap(pathsBelow)) {
    const bytes = readFileSync(path);
    hash.update(`\0${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

/** True if something in a file or folder was written, put there or taken out since a time in milliseconds. */
export function changedSince(time: number, paths: readonly string[]): boolean {
  return paths.some((path) => {
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return false;
    if (entry.ctimeMs >= time) return true;
    return (
      entry.isDirectory() &&
      changedSince(
        time,
        readdirSync(path).map((name) => join(path, name)),
      )
    );
  });
}

/** A file of JSON, as people like to read it. */
export function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
