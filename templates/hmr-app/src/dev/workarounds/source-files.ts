// Defects: the bundler (a) does not build an edit during a build until the next event of the file system; (b) never builds
// edits in a folder that was renamed, or removed and restored by git, because it still watches the previous inode, and the page
// may stay blank if the folder contains index.html; the same happens if a symbolic link is replaced; (c) reads a file while an
// editor replaces it, and finds it missing or empty: the page then loses its state, and after a rename the bundler keeps
// building the old file.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/42739 for (a) and (b), no issue found for (c)
// Workaround: a plugin that records which version of each file the bundler has loaded. (a) If a file stays different
// from what was loaded, the plugin causes another event in its folder. If that does not help, the bundler restarts. (b) If a
// folder or a link was replaced, the bundler restarts. (c) The plugin waits until the file has content. If the file stays missing:
// when nothing imports it, the bundler restarts and forgets it. When something imports it, the page reloads once the file is back.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  type Stats,
  statSync,
} from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { BunPlugin } from "bun";

/** Filter of `onLoad` for files that are not in packages. */
export const SOURCE = /^(?!.*[\\/]node_modules[\\/])/;
/** The query and the fragment of the URL of a file, as in `icons.svg#home`. */
export const SUFFIX = /[?#].*$/;

const MISSING = "missing";
const POLL_MS = 100;
/** Number of polls within which the bundler of an idle machine notices an edit. */
const GRACE_POLLS = 5;
/** Milliseconds that an edited file may take to reach this plugin. Until then, no edit counts as missed. */
const MAX_LOAD_MS = 5000;
/** Milliseconds within which an editor replaces a file, and between two looks at it. */
const MAX_REPLACE_MS = 200;
const REPLACE_POLL_MS = 10;
/** Filter of `onResolve`. If it matched more, Bun would look for its built-in modules on disk, and fail. */
const IN_PROJECT = new RegExp(`^${RegExp.escape(process.cwd() + sep)}`);
/**
 * The start of every string, and of every `url(…)` of a style sheet. Group 2 or 3 is the text. Matches do not include the text:
 * otherwise an apostrophe in a comment would hide the strings after it.
 */
const SPECIFIER = /(["'`])(?=(.+?)\1)|\((?=([^()"'`\s]+)\))/g;

interface Edit {
  readonly version: string;
  /** Polls without any load by the bundler, since the file got this version. */
  polls: number;
}

/** The latest loaded version of each file of the page, by path. */
export const loadedFiles = new Map<string, string>();
/** Sources of web workers, which the bundler does not watch, because `module-urls.ts` bundles them in another process. */
const unwatchedFiles = new Set<string>();
/** When the bundler started to build an edited file that has not reached this plugin yet, by path. */
const loading = new Map<string, number>();
/** The folders of the page when the bundler began to watch them, by path; undefined if one did not exist. */
const folders = new Map<string, Stats | undefined>();
/** Where the symbolic links in `folders` pointed when the bundler began to watch the folders, by path. */
const links = new Map<string, string | undefined>();
/** Files that differ from their loaded version, by path. */
const edits = new Map<string, Edit>();
/** Edited files that nothing imports. Cleared by each load, because the loaded file may import them. */
const unusedFiles = new Set<string>();
/** Imported files that were missing when the bundler loaded them. */
const missing = new Set<string>();
/** Files for which a plugin threw an error. */
const withErrors = new Set<string>();

/** @param version the version before the file is read, so that an edit in between counts as missed, not as loaded. */
function recordLoad(path: string, version = versionOf(path)): void {
  loadedFiles.set(path, version);
  loading.delete(path);
  const folder = dirname(path);
  if (SOURCE.test(path) && !folders.has(folder)) {
    folders.set(folder, statsOf(folder));
    recordLinks(folder);
  }
  for (const edit of edits.values()) edit.polls = 0;
  unusedFiles.clear();
}

/** Like `recordLoad`, for a file that another process has loaded for the page. */
export function recordUnwatchedLoad(path: string, version?: string): void {
  unwatchedFiles.add(path);
  recordLoad(path, version);
}

export default {
  name: "source-files",
  setup(build) {
    // Edited files are the entry points of the next build.
    build.onResolve({ filter: IN_PROJECT }, ({ path, importer }) => {
      if (importer === "") loading.set(path, Date.now());
      return undefined;
    });
    build.onLoad({ filter: /.*/ }, async ({ path }) => {
      if (SOURCE.test(path)) await waitForSource(path);
      recordLoad(path);
      return undefined;
    });
    setInterval(() => {
      const replaced = folders.keys().find(isReplaced) ?? links.keys().find(pointsElsewhere);
      if (replaced) requestRestart(`${shorten(replaced)} was replaced`);
      else if (!isLoading()) checkForMissedEdit();
    }, POLL_MS);
  },
} satisfies BunPlugin;

/** Waits until a file that an editor replaces has content, and handles one that stays missing. */
async function waitForSource(path: string): Promise<void> {
  const deadline = Date.now() + MAX_REPLACE_MS;
  // If a new bundler looks for the file as well, another restart does not help.
  const wasLoaded = (loadedFiles.get(path) ?? MISSING) !== MISSING;
  while (!hasContent(path) && Date.now() < deadline) await Bun.sleep(REPLACE_POLL_MS);
  if (versionOf(path) !== MISSING) {
    if (missing.delete(path)) requestReload(`${shorten(path)} was restored`);
  } else if (isImported(path) && !(wasLoaded && wasMoved(path))) missing.add(path);
  else requestRestart(`${shorten(path)} was removed`);
}

/** Returns whether imports of a missing file now find another one, as after `Box.tsx` was moved to `Box.jsx` or `Box/index.tsx`. */
function wasMoved(path: string): boolean {
  const base = withoutEnding(path);
  return ["tsx", "jsx", "ts", "js"].some(
    (ending) => existsSync(`${base}.${ending}`) || existsSync(join(base, `index.${ending}`)),
  );
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Returns the loaded files that are not in packages. */
export function sources(): readonly string[] {
  return [...loadedFiles.keys()].filter((path) => SOURCE.test(path));
}

/** Returns whether the bundler watches a folder that is no longer at this path. */
function isReplaced(folder: string): boolean {
  const before = folders.get(folder);
  const now = statsOf(folder);
  // The inode alone is not enough: some network file systems change it while the folder stays the same.
  return now !== undefined && now.ino !== before?.ino && now.birthtimeMs !== before?.birthtimeMs;
}

function statsOf(folder: string): Stats | undefined {
  return statSync(folder, { throwIfNoEntry: false });
}

function recordLinks(folder: string): void {
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  const paths = entries.filter((it) => it.isSymbolicLink()).map(({ name }) => join(folder, name));
  for (const path of paths) links.set(path, targetOf(path));
}

function pointsElsewhere(link: string): boolean {
  const target = targetOf(link);
  return target !== undefined && target !== links.get(link);
}

/** Returns undefined for a missing file. */
function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function isLoading(): boolean {
  return loading.values().some((since) => Date.now() - since < MAX_LOAD_MS);
}

/** Causes an event next to each file that the bundler has not loaded since it was edited; later restarts the bundler. */
function checkForMissedEdit(): void {
  for (const path of sources()) {
    const polls = countPolls(path);
    if (polls === 0 || unusedFiles.has(path)) continue;
    // No event makes the bundler load a file that it does not watch, so it restarts immediately.
    const isUnwatched = unwatchedFiles.has(path) || targetOf(path) !== path;
    const maxPolls = isUnwatched ? 0 : GRACE_POLLS * slowdown();
    if (polls <= maxPolls) causeEvent(dirname(path));
    else if (isImported(path)) {
      requestRestart(`missed an edit of ${shorten(path)}`);
      return;
    } else unusedFiles.add(path);
  }
}

/** Returns the polls of a file that differs from its loaded version, and 0 for any other. */
function countPolls(path: string): number {
  const version = versionOf(path);
  if (version === loadedFiles.get(path) || version === MISSING) {
    edits.delete(path);
    return 0;
  }
  const edit = edits.get(path);
  const polls = edit?.version === version ? edit.polls + 1 : 0;
  edits.set(path, { version, polls });
  return polls;
}

/** Wakes the bundler, which then also handles the events that it has queued. Other tools ignore a temporary folder. */
function causeEvent(folder: string): void {
  try {
    rmdirSync(mkdtempSync(join(folder, ".event-")));
  } catch {
    // In a folder that this process cannot write to, the bundler restarts.
  }
}

/** How much slower a busy machine is: the processes that want to run, per core. */
function slowdown(): number {
  const [lastMinute = 0] = loadavg();
  return Math.max(1, lastMinute / availableParallelism());
}

/** Returns whether another source imports this one. Edits of files that are no longer imported are ignored. */
export function isImported(path: string): boolean {
  return (
    path.endsWith(".html") || sources().some((other) => other !== path && imports(other, path))
  );
}

/** Compares paths without extension and without `/index`, which imports may omit. */
function imports(importer: string, path: string): boolean {
  const target = withoutEnding(path);
  return [...textOf(importer).matchAll(SPECIFIER)].some(([, , string, url]) => {
    const specifier = string ?? url ?? "";
    if (!specifier.startsWith(".")) {
      // An alias such as `@/ui/Button` or `#Button` may stand for any folder, so only its last segment is compared.
      const name = basename(withoutEnding(specifier)).replace(/^[@#~]/, "");
      return name !== "" && target.endsWith(sep + name);
    }
    const imported = resolve(dirname(importer), specifier);
    return imported === target || withoutEnding(imported) === target;
  });
}

function withoutEnding(path: string): string {
  return path.replace(/\.\w+$/, "").replace(/[\\/]index$/, "");
}

/** Returns a value that changes when the file is saved or replaced, or `MISSING`. */
export function versionOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.mtimeMs} ${stats.size}` : MISSING;
}

/** Returns "" if the file cannot be read, as while an editor replaces it: an error of a plugin would stay in Bun's overlay. */
export function textOf(path: string): string {
  try {
    // Without the byte order mark, as Bun reads it.
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch {
    return "";
  }
}

/** Returns the path relative to the project. */
export function shorten(path: string): string {
  return relative(".", path);
}

/** Runs `load`. Once it succeeds after an error, makes the page reload, because Bun's overlay would keep the error. */
export async function reloadAfterError<T>(path: string, load: () => T | Promise<T>): Promise<T> {
  const hadError = withErrors.has(path);
  // Stays in the set if `load` throws.
  withErrors.add(path);
  const result = await load();
  withErrors.delete(path);
  if (hadError) requestReload(`${shorten(path)} was fixed`);
  return result;
}

/** Makes the pages reload after the current build. */
export function requestReload(reason: string): void {
  process.send?.({ type: "reload", reason });
}

export function requestRestart(reason: string): void {
  process.send?.({ type: "restart", reason });
}
