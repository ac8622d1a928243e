// What is where the project shall go: nothing, a directory, or something that is in the way.
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
import { dirname, join, resolve } from "node:path";
import { systemCode } from "../errors.ts";
import { STAGING } from "./place.ts";

export type Target =
  /** `top` is the outermost directory that has to be made; `base`, its parent, exists. */
  | { readonly kind: "missing"; readonly base: string; readonly top: string }
  | {
      readonly kind: "directory";
      /** Empty, or with nothing but a `.git`. */
      readonly free: boolean;
      /** What is in it, for a message. */
      readonly entries: readonly string[];
      /** Files of the project that are there already. */
      readonly clashes: readonly string[];
      /** Where a directory is in a file's place, or the other way round: not even force helps. */
      readonly blocked: readonly string[];
      /** Another run is at work in it. */
      readonly busy: boolean;
    }
  /** A file, a device, or a link to nothing, there or further up. */
  | { readonly kind: "obstacle"; readonly path: string }
  | { readonly kind: "locked"; readonly path: string };

/** The absolute path of a directory as it was typed; a link to a directory is followed. */
export function locate(cwd: string, directory: string): string {
  const path = resolve(cwd, directory);
  return isDirectory(path) ? realpathSync(path) : path;
}

/** @param files paths of the project's files, relative to the directory */
export function inspect(directory: string, files: Iterable<string>): Target {
  if (exists(directory)) {
    if (!isDirectory(directory)) return { kind: "obstacle", path: directory };
    return isWritable(directory)
      ? inspectDirectory(directory, files)
      : { kind: "locked", path: directory };
  }
  let top = directory;
  while (!exists(dirname(top))) top = dirname(top);
  const base = dirname(top);
  if (!isDirectory(base)) return { kind: "obstacle", path: base };
  return isWritable(base) ? { kind: "missing", base, top } : { kind: "locked", path: base };
}

function inspectDirectory(directory: string, files: Iterable<string>): Target {
  const entries = readdirSync(directory);
  const clashes: string[] = [];
  const blocked = new Set<string>();
  for (const file of entries.length === 0 ? [] : files) {
    const parts = file.split("/");
    const parents = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
    const stuck = parents.find((path) => exists(join(directory, path)) && !isOwn(directory, path));
    if (stuck !== undefined) blocked.add(stuck);
    else if (isOwn(directory, file)) blocked.add(file);
    else if (exists(join(directory, file))) clashes.push(file);
  }
  return {
    kind: "directory",
    free: entries.every((name) => name === ".git"),
    entries,
    clashes,
    blocked: [...blocked],
    busy: entries.includes(STAGING),
  };
}

/** What is at a path, links not followed; undefined if there is nothing. */
function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

const exists = (path: string): boolean => entryAt(path) !== undefined;

/** A real directory: writing through a link would leave the project. */
const isOwn = (directory: string, path: string): boolean =>
  entryAt(join(directory, path))?.isDirectory() ?? false;

/** A directory, or a link to one. */
const isDirectory = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
