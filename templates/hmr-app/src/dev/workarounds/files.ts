// Versions and texts of the page's files, for the plugins.
import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";

/** Filter of `onLoad` for files that are not in packages. */
export const SOURCE = /^(?!.*[\\/]node_modules[\\/])/;

export const MISSING = "missing";

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

/** Files for which a plugin threw an error. */
const withErrors = new Set<string>();

/** Runs `load`. Once it succeeds after an error, makes the page reload, because Bun's overlay would keep the error. */
export async function reloadAfterError<T>(path: string, load: () => T | Promise<T>): Promise<T> {
  const hadError = withErrors.has(path);
  // Stays in the set if `load` throws.
  withErrors.add(path);
  const result = await load();
  withErrors.delete(path);
  if (hadError) process.send?.({ type: "reload", reason: `${shorten(path)} was fixed` });
  return result;
}
