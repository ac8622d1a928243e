// Reads the files of the user's project. Links are never followed.
import { existsSync, readdirSync, readFileSync, readlinkSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { entryAt } from "../command/target.ts";

/** The entry at a path of the user's project. */
export type Own =
  | { readonly kind: "missing" }
  | {
      readonly kind: "file";
      readonly content: Uint8Array;
      /** Permission bits. */
      readonly mode: number;
      /** Git has a copy, so that the file may be changed. */
      readonly isTracked: boolean;
    }
  /** `entries` are the paths of everything in it: files, links, and empty directories. */
  | { readonly kind: "directory"; readonly entries: readonly string[] }
  | { readonly kind: "link"; readonly target: string }
  /** A pipe, a socket or a device. */
  | { readonly kind: "special" }
  /** Nothing can be written here, because `by`, a parent, is a file, a link, another repository or on another file system. */
  | { readonly kind: "blocked"; readonly by: string };

/**
 * Reads each path once: the swap refuses a file that was edited after the plan was made from it.
 * @param tracked paths that git tracks; undefined for all
 */
export function ownFiles(
  directory: string,
  tracked: ReadonlySet<string> | undefined,
): (path: string) => Own {
  const known = new Map<string, Own>();
  return (path) => {
    const own = known.get(path) ?? ownAt(directory, path, tracked);
    known.set(path, own);
    return own;
  };
}

function ownAt(directory: string, path: string, tracked: ReadonlySet<string> | undefined): Own {
  const by = blockedBy(directory, path);
  if (by !== undefined) return { kind: "blocked", by };
  const stats = entryIn(directory, path);
  if (stats === undefined) return { kind: "missing" };
  if (stats.isDirectory()) return { kind: "directory", entries: entriesBelow(directory, path) };
  const file = join(directory, path);
  if (stats.isSymbolicLink()) return { kind: "link", target: readlinkSync(file) };
  if (!stats.isFile()) return { kind: "special" };
  const content = readFileSync(file);
  const isTracked = tracked?.has(path) ?? true;
  return { kind: "file", content, mode: stats.mode & 0o777, isTracked };
}

/**
 * The entry with exactly this path. On a file system that ignores case, `readme.md` also opens `README.md`: without
 * this, a rename that only changes the case would look like two names of one file.
 */
export function entryIn(directory: string, path: string): Stats | undefined {
  const stats = entryAt(join(directory, path));
  if (stats === undefined || !ignoresCase(directory)) return stats;
  const parts = path.split("/");
  const isExact = parts.every((name, index) =>
    readdirSync(join(directory, ...parts.slice(0, index))).includes(name),
  );
  return isExact ? stats : undefined;
}

/** Tests with package.json, which every project has. */
const ignoresCase = (directory: string): boolean =>
  existsSync(join(directory, "PACKAGE.JSON")) && !readdirSync(directory).includes("PACKAGE.JSON");

function entriesBelow(directory: string, path: string): readonly string[] {
  const entries = readdirSync(join(directory, path), { withFileTypes: true });
  if (entries.length === 0) return [path];
  return entries.flatMap((entry) => {
    const below = `${path}/${entry.name}`;
    return entry.isDirectory() ? entriesBelow(directory, below) : [below];
  });
}

function blockedBy(directory: string, path: string): string | undefined {
  for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
    const stats = entryAt(join(directory, parent));
    if (stats === undefined) continue;
    // A submodule is a separate repository: this one cannot undo changes in it.
    if (!stats.isDirectory() || existsSync(join(directory, parent, ".git"))) return parent;
    // No file can be renamed into a mounted folder.
    if (stats.dev !== statSync(directory).dev) return parent;
  }
  return undefined;
}
