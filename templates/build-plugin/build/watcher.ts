// Watches files and folders by path, so that it also sees when another file or folder replaces them.
import { type FSWatcher, lstatSync, readdirSync, realpathSync, statSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isHidden, pathsBelow, unlessGone } from "./files.ts";

/** Debounce time, because editors save a file in several steps, and formatters save several files. */
const SETTLE_MS = 30;
/** Limit of the debouncing, so that a file that is written constantly, such as a log, cannot delay the build forever. */
const MAX_ROUNDS = 20;

/**
 * Waits for a change in or below the paths. Ignores hidden files, such as the swap files of editors.
 *
 * The system watches inodes, not paths: after a rename or a branch switch it still watches the old folder. Use each
 * watcher for one change only: then dispose of it, create another one, and read the files after that.
 */
export class Watcher implements Disposable {
  readonly #watchers: FSWatcher[] = [];
  readonly #changed = Promise.withResolvers<void>();
  #hasChanged = false;

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      // Watching the parent shows when the path is replaced: editors save by renaming, and git writes new folders.
      for (const watched of [path, ...linkedFiles(path)]) {
        this.#watch(dirname(watched), (name) => name === basename(watched));
      }
      for (const folder of foldersBelow(path)) this.#watch(folder, (name) => !isHidden(name));
    }
  }

  /** Waits for a change, and then until nothing has changed for `SETTLE_MS`. */
  async settled(): Promise<void> {
    await this.#changed.promise;
    for (let round = 0; this.#hasChanged && round < MAX_ROUNDS; round++) {
      this.#hasChanged = false;
      await Bun.sleep(SETTLE_MS);
    }
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string, isWatched: (name: string) => boolean): void {
    const onChange = () => {
      this.#hasChanged = true;
      this.#changed.resolve();
    };
    const listen = () =>
      watch(folder, (_, name) => {
        if (name === null || isWatched(name)) onChange();
      });
    const watcher = unlessGone(listen, undefined);
    if (watcher === undefined) onChange();
    else this.#watchers.push(watcher.on("error", onChange));
  }
}

/** Returns the files that symbolic links at and below a path point to: they may be in folders that are not watched. */
function linkedFiles(path: string): readonly string[] {
  const links = pathsBelow(path).filter((file) =>
    lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink(),
  );
  return links.map((link) => unlessGone(() => realpathSync(link), link));
}

/** Returns the real paths of the folders at and below a path. Follows symbolic links, and omits dangling ones. */
function foldersBelow(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return found;
  const folder = unlessGone(() => realpathSync(path), undefined);
  if (folder === undefined || found.has(folder)) return found;
  found.add(folder);
  for (const entry of unlessGone(() => readdirSync(folder, { withFileTypes: true }), [])) {
    if (!entry.isFile() && !isHidden(entry.name)) foldersBelow(join(folder, entry.name), found);
  }
  return found;
}

/** Returns the inode of each folder at and below the paths. It changes if another folder of the same name replaces one. */
export function foldersOf(paths: readonly string[]): ReadonlyMap<string, number | undefined> {
  const folders = paths.flatMap((path) => [...foldersBelow(path)]);
  return new Map(folders.map((path) => [path, statSync(path, { throwIfNoEntry: false })?.ino]));
}
