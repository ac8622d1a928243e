// Puts a finished folder in place of the one before: at no moment is there half of one.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Files, readFolder } from "./files.ts";

/**
 * Writes the files aside, in `workspace` (on the same disk), and swaps by renaming.
 * @returns false if the folder holds just these files already: then it is left alone.
 */
export function replaceFolder(folder: string, files: Files, workspace: string): boolean {
  if (isSame(readFolder(folder), files)) return false;
  const aside = join(workspace, `new-${crypto.randomUUID()}`);
  const before = join(workspace, `old-${crypto.randomUUID()}`);
  try {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(aside, path)), { recursive: true });
      writeFileSync(join(aside, path), bytes);
    }
    swap(aside, folder, before);
    return true;
  } finally {
    rmSync(aside, { recursive: true, force: true });
    rmSync(before, { recursive: true, force: true });
  }
}

function swap(aside: string, folder: string, before: string): void {
  for (;;) {
    const isAway = moveAway(folder, before);
    try {
      renameSync(aside, folder);
      return;
    } catch (error) {
      // Another build was faster, and its folder is there now: that one goes, too.
      if (!hasCode(error, "ENOTEMPTY", "EEXIST")) {
        if (isAway) renameSync(before, folder);
        throw error;
      }
      rmSync(before, { recursive: true, force: true });
    }
  }
}

/** @returns false if there is no such folder. */
function moveAway(folder: string, before: string): boolean {
  try {
    renameSync(folder, before);
    return true;
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return false;
  }
}

function isSame(before: Files, after: Files): boolean {
  if (before.size !== after.size) return false;
  return [...after].every(([path, bytes]) => {
    const old = before.get(path);
    return old !== undefined && Buffer.compare(old, bytes) === 0;
  });
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
