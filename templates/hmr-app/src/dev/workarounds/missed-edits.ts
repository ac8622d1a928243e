// Defect: Bun's bundler misses two kinds of edits: (a) an edit during a build is not built until the next event of the
// file system; (b) edits in a folder that was renamed, or removed and restored by git, are never built, because the bundler
// still watches the previous inode.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/42739
// Workaround: a plugin that records which version of each file the bundler has loaded. If a file stays different
// from what was loaded, the plugin causes another event in its folder. If that does not help, the bundler restarts.
import { mkdtempSync, rmdirSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { BunPlugin } from "bun";
import { MISSING, SOURCE, shorten, textOf, versionOf } from "./files.ts";

const POLL_MS = 100;
/** Number of polls within which the bundler of an idle machine notices an edit. */
const GRACE_POLLS = 5;
/** Milliseconds that an edited file may take to reach this plugin. Until then, no edit counts as missed. */
const MAX_LOAD_MS = 5000;
/** Filter of `onResolve`. If it matched more, Bun would look for its built-in modules on disk, and fail. */
const IN_PROJECT = new RegExp(`^${RegExp.escape(process.cwd() + sep)}`);
/** Every string in quotes, and every `url(…)` of a style sheet. */
const SPECIFIER = /["'`(]([^"'`()\s]+)["'`)]/g;

interface Edit {
  readonly version: string;
  /** Polls since the file got this version, or since the bundler last loaded any file. */
  polls: number;
}

/** The latest loaded version of each file of the page, by path. */
export const loadedFiles = new Map<string, string>();
/** Sources of web workers, which the bundler does not watch, because `module-urls.ts` bundles them in another process. */
const unwatchedFiles = new Set<string>();
/** When the bundler started to build an edited file that has not reached this plugin yet, by path. */
const loading = new Map<string, number>();
/** Files that differ from their loaded version, by path. */
const edits = new Map<string, Edit>();

/** @param version the version before the file is read, so that an edit in between counts as missed, not as loaded. */
export function recordLoad(path: string, version = versionOf(path)): void {
  loadedFiles.set(path, version);
  loading.delete(path);
  for (const edit of edits.values()) edit.polls = 0;
}

/** Like `recordLoad`, for a file that another process has loaded for the page. */
export function recordUnwatchedLoad(path: string, version?: string): void {
  unwatchedFiles.add(path);
  recordLoad(path, version);
}

export default {
  name: "missed-edits",
  setup(build) {
    // Edited files are the entry points of the next build.
    build.onResolve({ filter: IN_PROJECT }, ({ path, importer }) => {
      if (importer === "") loading.set(path, Date.now());
      return undefined;
    });
    build.onLoad({ filter: /.*/ }, ({ path }) => {
      recordLoad(path);
      return undefined;
    });
    setInterval(() => {
      if (!isLoading()) checkForMissedEdit();
    }, POLL_MS);
  },
} satisfies BunPlugin;

/** Returns the loaded files that are not in packages. */
export function sources(): readonly string[] {
  return [...loadedFiles.keys()].filter((path) => SOURCE.test(path));
}

function isLoading(): boolean {
  return loading.values().some((since) => Date.now() - since < MAX_LOAD_MS);
}

/** Causes an event next to each file that the bundler has not loaded since it was edited; later restarts the bundler. */
function checkForMissedEdit(): void {
  for (const path of sources()) {
    const polls = countPolls(path);
    if (polls === 0) continue;
    // No event makes the bundler load a file that it does not watch, so it restarts immediately.
    const maxPolls = unwatchedFiles.has(path) ? 0 : GRACE_POLLS * slowdown();
    if (polls <= maxPolls) causeEvent(dirname(path));
    else if (isImported(path)) {
      process.send?.({ type: "restart", reason: `missed an edit of ${shorten(path)}` });
      return;
    }
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
  return [...textOf(importer).matchAll(SPECIFIER)].some(([, specifier = ""]) => {
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
