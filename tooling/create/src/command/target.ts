// Inspects the path of the new project: nothing, a directory, or something that is in the way.
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join, parse, relative, resolve } from "node:path";
import { systemCode } from "../errors.ts";
import { STAGING_DIRECTORY } from "./staging.ts";
import { ancestors } from "./workspace.ts";

export type Target =
  /** `top` is the outermost directory to create; `base`, its parent, exists. */
  | { readonly kind: "missing"; readonly base: string; readonly top: string }
  | {
      readonly kind: "directory";
      /** Empty, or with only a `.git`. */
      readonly isFree: boolean;
      /** The names in it. */
      readonly entries: readonly string[];
      /** Files of the project that exist already. */
      readonly conflicts: readonly string[];
      /** Paths where a directory exists instead of a file, or a file instead of a directory: `--force` does not help. */
      readonly obstacles: readonly string[];
      /** Another run is writing to it. */
      readonly isBusy: boolean;
    }
  /** A file, a device, or a broken link, at the path or at a parent. */
  | { readonly kind: "obstacle"; readonly path: string }
  | { readonly kind: "read-only"; readonly path: string }
  /** The system refuses the path: its name is too long, links form a loop, or a directory cannot be searched. */
  | { readonly kind: "unusable"; readonly path: string; readonly code: string };

/**
 * The absolute path of a directory as it was typed. `~` is the home directory. Links to directories are followed, also in
 * parents, so that the repository and the workspace around the real directory are found.
 */
export function resolveTarget(
  typed: string,
  { cwd, home }: { readonly cwd: string; readonly home: string },
): string {
  const path = resolve(cwd, typed.replace(/^~(?=$|[/\\])/, home));
  const existing = [path, ...ancestors(path)].find((candidate) => existsSync(candidate));
  // On Windows, a drive may be missing.
  return existing === undefined ? path : join(realpathSync(existing), relative(existing, path));
}

/** @param files paths of the project's files, relative to the directory */
export function inspectTarget(directory: string, files: Iterable<string>): Target {
  try {
    return inspect(directory, files);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return { kind: "unusable", path: directory, code };
  }
}

function inspect(directory: string, files: Iterable<string>): Target {
  if (exists(directory)) {
    if (!isDirectory(directory)) return { kind: "obstacle", path: directory };
    return isWritable(directory)
      ? inspectDirectory(directory, files)
      : { kind: "read-only", path: directory };
  }
  const parents = [...ancestors(directory)];
  const index = parents.findIndex(exists);
  const base = parents[index] ?? parse(directory).root;
  const top = parents[index - 1] ?? directory;
  if (!isDirectory(base)) return { kind: "obstacle", path: base };
  return isWritable(base) ? { kind: "missing", base, top } : { kind: "read-only", path: base };
}

function inspectDirectory(directory: string, files: Iterable<string>): Target {
  const entries = readdirSync(directory).sort();
  const conflicts: string[] = [];
  const obstacles = new Set<string>();
  for (const file of entries.length === 0 ? [] : files) {
    const parts = file.split("/");
    const parents = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
    const obstacle = parents.find(
      (path) => exists(join(directory, path)) && !isRealDirectory(directory, path),
    );
    if (obstacle !== undefined) obstacles.add(obstacle);
    else if (isRealDirectory(directory, file)) obstacles.add(file);
    else if (exists(join(directory, file))) conflicts.push(file);
  }
  const isBusy = isRealDirectory(directory, STAGING_DIRECTORY);
  if (!isBusy && entries.includes(STAGING_DIRECTORY)) obstacles.add(STAGING_DIRECTORY);
  return {
    kind: "directory",
    isFree: entries.every((name) => name === ".git"),
    entries,
    conflicts,
    obstacles: [...obstacles],
    isBusy,
  };
}

/** Returns the file status of a path without following links, or undefined if nothing exists there. */
export function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

const exists = (path: string): boolean => entryAt(path) !== undefined;

/** Not a link to a directory: writing through a link would leave the project. */
const isRealDirectory = (directory: string, path: string): boolean =>
  entryAt(join(directory, path))?.isDirectory() ?? false;

/** A directory, or a link to one. */
export const isDirectory = (path: string): boolean =>
  existsSync(path) && statSync(path).isDirectory();

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
