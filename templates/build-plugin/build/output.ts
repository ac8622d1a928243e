// Updates the output folder in place, so that it may be a symbolic link, a mount, or on another disk than the cache.
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { refuseDanglingLink } from "../scripts/library.ts";
import { type Files, parentsOf } from "./files.ts";

/**
 * Makes the folder contain exactly these files. Keeps every `.git`, because the folder, or one in it, may be a checkout of
 * the branch to deploy.
 * First removes what is in the way of a new file. Writes new contents to temporary files, so that a full disk changes
 * nothing else. Then renames them to their targets, pages last, and removes stale files. A server of the folder therefore
 * never sends half a file, or a page before its assets. The caller holds the lock, so that builds do not mix their files.
 * @returns false if the folder already holds exactly these files
 */
export function updateFolder(folder: string, files: Files): boolean {
  refuseDanglingLink(folder);
  mkdirSync(folder, { recursive: true });
  const { stale, blocking, current } = compare(folder, files);
  const changed = [...files].filter(([path]) => !current.has(path));
  if (changed.length + stale.length + blocking.length === 0) return false;
  for (const path of blocking) removeEntry(folder, path);
  const staged: [temporary: string, target: string][] = [];
  try {
    for (const [path, bytes] of changed) staged.push(stage(join(folder, path), bytes));
    for (const [temporary, target] of staged.toSorted(pagesLast)) renameSync(temporary, target);
  } finally {
    for (const [temporary] of staged) rmSync(temporary, { force: true });
  }
  for (const path of stale) removeEntry(folder, path);
  return true;
}

interface Comparison {
  /** Paths of wanted files that already exist with the same content. */
  readonly current: ReadonlySet<string>;
  /**
   * Paths to remove first: a file where a folder is needed, the contents of a folder where a file is needed, or a name that
   * differs only in case: if the disk ignores case, removing it later would remove the new file.
   */
  readonly blocking: readonly string[];
  /** Paths of all other files and links that are not wanted. */
  readonly stale: readonly string[];
}

/** Follows a link to a folder only if wanted files are below it. Any other link is stale; its target is not touched. */
function compare(folder: string, files: Files): Comparison {
  const current = new Set<string>();
  const stale: string[] = [];
  const wantedFolders = new Set([...files.keys()].flatMap(parentsOf));
  const visit = (parent: string) => {
    for (const entry of readdirSync(join(folder, parent), { withFileTypes: true })) {
      const path = parent === "" ? entry.name : `${parent}/${entry.name}`;
      const wanted = files.get(path);
      if (entry.name === ".git" && wanted === undefined) continue;
      if (wanted !== undefined || wantedFolders.has(path)) refuseDanglingLink(join(folder, path));
      if (entry.isDirectory() || (wantedFolders.has(path) && isFolder(join(folder, path)))) {
        visit(path);
        if (wanted !== undefined) stale.push(path);
      } else if (wanted === undefined) stale.push(path);
      else if (hasContent(join(folder, path), wanted)) current.add(path);
    }
  };
  visit("");
  const wantedNames = new Set([...files.keys(), ...wantedFolders]);
  const lowerCaseNames = new Set([...wantedNames].map((name) => name.toLowerCase()));
  const differsInCase = (name: string) =>
    !wantedNames.has(name) && lowerCaseNames.has(name.toLowerCase());
  const isBlocking = (path: string) =>
    wantedFolders.has(path) ||
    [path, ...parentsOf(path)].some((name) => files.has(name) || differsInCase(name));
  const { blocking = [], other = [] } = Object.groupBy(stale, (path) =>
    isBlocking(path) ? "blocking" : "other",
  );
  return { current, stale: other, blocking };
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function hasContent(path: string, bytes: Uint8Array): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === bytes.length && readFileSync(path).equals(bytes);
}

/**
 * Writes a temporary file beside its target, with the mode of the file that it replaces. If the path is a symbolic link,
 * the target is the file that it points to.
 */
function stage(path: string, bytes: Uint8Array): [temporary: string, target: string] {
  mkdirSync(dirname(path), { recursive: true });
  const old = statSync(path, { throwIfNoEntry: false });
  const target = old ? realpathSync(path) : path;
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, bytes, { mode: old ? 0o600 : 0o666 });
    if (old) chmodSync(temporary, old.mode & 0o777);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return [temporary, target];
}

const PAGE = /\.html(\.(gz|br))?$/;

const pagesLast = ([, a]: [string, string], [, b]: [string, string]): number =>
  Number(PAGE.test(a)) - Number(PAGE.test(b));

/** Removes a file, a link or a folder, and then the parent folders that became empty. */
function removeEntry(folder: string, path: string): void {
  rmSync(join(folder, path), { recursive: true, force: true });
  for (const parent of parentsOf(path).toReversed()) {
    try {
      rmdirSync(join(folder, parent));
    } catch {
      return; // not empty, a mount, a link, or already removed
    }
  }
}
