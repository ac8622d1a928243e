// Notices what Bun's bundler misses: one of two saves of a file at once, now and then, and a package that comes late.
import { existsSync, type FSWatcher, readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { keep } from "../server/held.ts";

/** A save so many milliseconds after another one is too close in any case, */
const CLOSE_MS = 100;
/** and so many only if the bundler has not answered the other one: the machine may be busy. */
const SLOW_MS = 1000;
/** After so many without a save, that was the last one. */
const CALM_MS = 250;
const SRC = join(import.meta.dir, "..");
const PROJECT = join(SRC, "..");
/** What the page is made of. */
const PAGE = /^(page|shared)[\\/]/;

/** When the bundler last told a page of an edit, in milliseconds. */
export const answered = keep("answered", () => ({ at: 0 }));

interface Version {
  readonly bytes: Buffer;
  /** When it was saved, in milliseconds. */
  readonly at: number;
}

/** Calls `lost` once all is calm, if saves of a file came so close that one may be lost. */
export function watchSaves(lost: () => void): FSWatcher {
  const latest = new Map<string, Version>();
  const touched = new Set<string>();
  let isCrowded = false;
  const look = (path: string) => {
    const version = versionOf(join(SRC, path));
    if (!version) return;
    const before = latest.get(path);
    latest.set(path, version);
    if (before && !isOneSave(before.bytes, version.bytes)) {
      const wait = answered.at < before.at ? SLOW_MS : CLOSE_MS;
      if (version.at - before.at < wait) isCrowded = true;
    }
  };
  const settle = () => {
    // Of two saves within a millisecond, the second is not told.
    touched.forEach(look);
    touched.clear();
    if (isCrowded) lost();
    isCrowded = false;
  };
  const later = debounced(settle);
  return watch(SRC, { recursive: true }, (_, path) => {
    if (path === null || !PAGE.test(path)) return;
    look(path);
    touched.add(path);
    later();
  });
}

/** Calls `changed` after packages were installed or removed: Bun's bundler goes on as if they were not. */
export function watchPackages(changed: () => void): readonly FSWatcher[] {
  const later = debounced(changed);
  const packages = join(PROJECT, "node_modules");
  return [
    watch(PROJECT, (_, name) => name === "bun.lock" && later()),
    // In a workspace they may be further up.
    ...(existsSync(packages)
      ? [watch(packages, (_, name) => !name?.startsWith(".") && later())]
      : []),
  ];
}

/** Calls `action` once nothing has called for it for a while. */
function debounced(action: () => void): () => void {
  let timer: Timer | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, CALM_MS);
  };
}

/** Undefined while there is none: an editor has just emptied or removed the file, and goes on. */
function versionOf(file: string): Version | undefined {
  try {
    const bytes = readFileSync(file);
    return bytes.length > 0 ? { bytes, at: statSync(file).mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether one is the beginning of the other: so looks a file that is being written. */
function isOneSave(before: Buffer, after: Buffer): boolean {
  const length = Math.min(before.length, after.length);
  return before.subarray(0, length).equals(after.subarray(0, length));
}
