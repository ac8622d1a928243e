// Updates a folder in place, so that it may be a symbolic link, a mount, or on another disk than the temporary folder.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** Contents by path. Paths are relative to the output folder, with forward slashes. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Not a bug, as its code says, so it is printed without a stack trace. */
export class ExpectedError extends Error {
  readonly code = "EXPECTED";
}

/**
 * Makes the folder contain exactly these files. Keeps every `.git`, because the folder, or one in it, may be a checkout of
 * the branch to deploy.
 * First writes new contents to temporary files, so that a full disk changes nothing. Then removes what is in the way,
 * renames the temporary files to their targets, pages last, and removes stale files. A server of the folder therefore never
 * sends half a file, or a page before its assets. The caller holds the lock, so that builds do not mix their files.
 * @param confirm is called before a change, and may throw to prevent it
 * @returns false if the folder already holds exactly these files
 */
export function updateFolder(folder: string, files: Files, confirm?: () => void): boolean {
  refuseDanglingLink(folder);
  mkdirSync(folder, { recursive: true });
  const comparison = compare(folder, files);
  const { current, blocking, stale } = comparison;
  const changed = [...files].filter(([path]) => !current.has(path));
  if (changed.length + blocking.length + stale.length === 0) return false;
  confirm?.();
  const staged = changed.map(([path, bytes]) => ({ bytes, ...placesOf(folder, path, comparison) }));
  try {
    for (const file of staged) write(file);
    for (const path of blocking) removeEntry(folder, path);
    for (const { temporary, target } of staged.toSorted(pagesLast)) {
      mkdirSync(dirname(target), { recursive: true });
      renameSync(temporary, target);
    }
  } finally {
    for (const { temporary } of staged) rmSync(temporary, { force: true });
  }
  for (const path of stale) removeEntry(folder, path);
  return true;
}

/** Otherwise the link would be replaced, and its target, which may be what is deployed, would stay as it is. */
function refuseDanglingLink(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() || existsSync(path)) return;
  throw new ExpectedError(
    `${path} is a link to ${readlinkSync(path)}, which does not exist. Create it, or remove the link.`,
  );
}

interface Comparison {
  /** Paths of wanted files that already exist with the same content. */
  readonly current: ReadonlySet<string>;
  /** Paths of wanted files that exist with another content. */
  readonly outdated: ReadonlySet<string>;
  /** Paths of folders that already exist. */
  readonly folders: ReadonlySet<string>;
  /**
   * Paths to remove before the new files are in place. There are three cases. A file is where a folder is needed. A folder is
   * where a file is needed; then its contents are listed, too. A name differs only in case: if the disk ignores case, removing
   * the old name later would remove the new file.
   */
  readonly blocking: readonly string[];
  /** Paths of all other files and links that are not wanted. */
  readonly stale: readonly string[];
}

/** Follows a link to a folder only if wanted files are below it. Any other link is stale; its target is not touched. */
function compare(folder: string, files: Files): Comparison {
  const current = new Set<string>();
  const outdated = new Set<string>();
  const folders = new Set<string>();
  const unwanted: string[] = [];
  const wantedFolders = new Set([...files.keys()].flatMap(parentsOf));
  const visit = (parent: string) => {
    for (const entry of readdirSync(join(folder, parent), { withFileTypes: true })) {
      const path = parent === "" ? entry.name : `${parent}/${entry.name}`;
      const wanted = files.get(path);
      if (entry.name === ".git" && wanted === undefined) {
        const blocked = parentsOf(path).find((name) => files.has(name));
        if (blocked !== undefined) throw checkoutError(join(folder, blocked), join(folder, path));
        continue;
      }
      if (wanted !== undefined || wantedFolders.has(path)) refuseDanglingLink(join(folder, path));
      const stat = statSync(join(folder, path), { throwIfNoEntry: false });
      if (entry.isDirectory() || (wantedFolders.has(path) && stat?.isDirectory())) {
        folders.add(path);
        visit(path);
        if (wanted !== undefined) unwanted.push(path);
      } else if (wanted === undefined || !stat?.isFile()) unwanted.push(path);
      else if (stat.size === wanted.length && readFileSync(join(folder, path)).equals(wanted)) {
        current.add(path);
      } else outdated.add(path);
    }
  };
  visit("");
  const wantedNames = new Set([...files.keys(), ...wantedFolders]);
  const lowerCaseNames = new Set([...wantedNames].map((name) => name.toLowerCase()));
  const differsInCase = (name: string) =>
    !wantedNames.has(name) && lowerCaseNames.has(name.toLowerCase());
  // The three cases of `blocking`. An unwanted path that `files` has is a folder.
  const isBlocking = (path: string) =>
    wantedFolders.has(path) ||
    [path, ...parentsOf(path)].some((name) => files.has(name) || differsInCase(name));
  const { blocking = [], stale = [] } = Object.groupBy(unwanted, (path) =>
    isBlocking(path) ? "blocking" : "stale",
  );
  return { current, outdated, folders, blocking, stale };
}

const checkoutError = (path: string, git: string) =>
  new ExpectedError(
    `The build writes a file ${path}, but a folder with ${git} is in its place. Move the folder away.`,
  );

/** Returns the folders above a path: `a` and `a/b` for `a/b/c`. */
export const parentsOf = (path: string): string[] =>
  [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));

interface Places {
  /** On the same disk as the target, in a folder that exists. */
  readonly temporary: string;
  /** The path in the folder, or the file that a symbolic link there points to. */
  readonly target: string;
  /** The mode of the file that is replaced. */
  readonly mode: number | undefined;
}

function placesOf(folder: string, path: string, { outdated, folders }: Comparison): Places {
  // The target's name may already have the maximum length, so it is not part of this one.
  const name = `${crypto.randomUUID()}.tmp`;
  if (outdated.has(path)) {
    const target = realpathSync(join(folder, path));
    return { temporary: join(dirname(target), name), target, mode: statSync(target).mode & 0o777 };
  }
  const parent = parentsOf(path).findLast((name) => folders.has(name)) ?? "";
  // Throws if the target's own name is too long; otherwise only the rename would, after other files have changed.
  lstatSync(join(folder, parent, basename(path)), { throwIfNoEntry: false });
  return { temporary: join(folder, parent, name), target: join(folder, path), mode: undefined };
}

function write({ temporary, mode, bytes }: Places & { readonly bytes: Uint8Array }): void {
  writeFileSync(temporary, bytes, { mode: mode === undefined ? 0o666 : 0o600 });
  if (mode !== undefined) chmodSync(temporary, mode);
}

const PAGE = /\.html(\.(gz|br))?$/;

const pagesLast = (a: Places, b: Places): number =>
  Number(PAGE.test(a.target)) - Number(PAGE.test(b.target));

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
