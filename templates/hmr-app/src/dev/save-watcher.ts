// Restarts the bundler where it may have missed an edit: two saves in quick succession, or an installed package.
import { existsSync, readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { hot } from "../hot.ts";
import { restartBundler } from "./bundler.ts";

/** The bundler may miss the second of two saves of a file within this many milliseconds. */
const CLOSE_SAVES_MS = 100;
/** The limit while the bundler has not sent an update for the first save yet, because the machine may be busy. */
const SLOW_SAVES_MS = 1000;
/** Milliseconds without a save after which the last one has been made. */
const DEBOUNCE_MS = 250;
const SRC = join(import.meta.dir, "..");
const PROJECT = join(SRC, "..");
/** Folders below src/ that the page is built from. */
const PAGE_FILE = /^(page|shared)[\\/]/;

/** When the bundler last sent an update or build errors to a page, in milliseconds since 1970. */
export const lastUpdate = hot.data("last update", () => ({ at: 0 }));

interface Version {
  readonly bytes: Buffer;
  /** When it was saved, in milliseconds since 1970. */
  readonly savedAt: number;
}

/** Watches the files of the page and the installed packages, until the process exits. */
export function watchForMissedEdits(): void {
  watchSaves(() => restartBundler("a file was saved twice in quick succession"));
  watchPackages(() => restartBundler("packages have changed"));
}

/** After saving has stopped, calls `onCloseSaves` if two saves of one file were too close. */
function watchSaves(onCloseSaves: () => void): void {
  const versions = new Map<string, Version>();
  const touched = new Set<string>();
  let hasCloseSaves = false;
  const check = (path: string) => {
    const version = readVersion(join(SRC, path));
    if (!version) return;
    const previous = versions.get(path);
    versions.set(path, version);
    if (!previous || isSameSave(previous.bytes, version.bytes)) return;
    const limit = lastUpdate.at < previous.savedAt ? SLOW_SAVES_MS : CLOSE_SAVES_MS;
    if (version.savedAt - previous.savedAt < limit) hasCloseSaves = true;
  };
  const settle = debounce(() => {
    // The watcher reports only the first of two saves within a millisecond, so each file is read again.
    touched.forEach(check);
    touched.clear();
    if (hasCloseSaves) onCloseSaves();
    hasCloseSaves = false;
  });
  watch(SRC, { recursive: true }, (_, path) => {
    if (path === null || !PAGE_FILE.test(path)) return;
    check(path);
    touched.add(path);
    settle();
  });
}

/** Calls `onChange` after packages were installed or removed, which Bun's bundler does not notice. */
function watchPackages(onChange: () => void): void {
  const settle = debounce(onChange);
  const packages = join(PROJECT, "node_modules");
  watch(PROJECT, (_, name) => name === "bun.lock" && settle());
  // A project in a workspace may have its packages in a parent folder.
  if (existsSync(packages)) watch(packages, (_, name) => !name?.startsWith(".") && settle());
}

/** Returns a function that runs `action` once it has not been called for `DEBOUNCE_MS`. */
function debounce(action: () => void): () => void {
  let timer: Timer | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, DEBOUNCE_MS);
  };
}

/** Returns undefined while the file is empty or missing: an editor is replacing its content. */
function readVersion(file: string): Version | undefined {
  try {
    const bytes = readFileSync(file);
    return bytes.length > 0 ? { bytes, savedAt: statSync(file).mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether one content is the beginning of the other: a single save, seen while the file was written. */
function isSameSave(before: Buffer, after: Buffer): boolean {
  const length = Math.min(before.length, after.length);
  return before.subarray(0, length).equals(after.subarray(0, length));
}
