// Decides which package manager a workspace uses.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../flatten/json.ts";

const LOCKFILES = {
  bun: ["bun.lock", "bun.lockb"],
  npm: ["package-lock.json", "npm-shrinkwrap.json"],
  pnpm: ["pnpm-lock.yaml"],
  yarn: ["yarn.lock"],
} as const;

export type PackageManager = keyof typeof LOCKFILES;

/** The lockfiles that a folder may have. */
const lockfilePaths = (folder: string): readonly string[] =>
  Object.values(LOCKFILES)
    .flat()
    .map((name) => join(folder, name));

export const lockfilesIn = (folder: string): readonly string[] =>
  lockfilePaths(folder).filter((file) => existsSync(file));

/** Reads the lockfiles in a folder. The function that it returns restores them, and removes new ones. */
export function keepLockfiles(folder: string): () => void {
  const kept = lockfilePaths(folder).map((file) => ({
    file,
    content: existsSync(file) ? readFileSync(file) : undefined,
  }));
  return () => {
    for (const { file, content } of kept) {
      if (content === undefined) rmSync(file, { force: true });
      else if (!existsSync(file) || !content.equals(readFileSync(file)))
        writeFileSync(file, content);
    }
  };
}

const isManager = (name: string): name is PackageManager => Object.hasOwn(LOCKFILES, name);

/** The one that `packageManager` in package.json names, else the one whose lockfile is there, else `fallback`. */
export function packageManagerOf(
  root: string,
  manifest: JsonObject | undefined,
  fallback: PackageManager,
): PackageManager {
  const [declared = ""] = String(manifest?.packageManager ?? "").split("@");
  if (isManager(declared)) return declared;
  const managers = Object.keys(LOCKFILES).filter(isManager);
  const hasLockfile = (manager: PackageManager) =>
    LOCKFILES[manager].some((name) => existsSync(join(root, name)));
  return hasLockfile(fallback) ? fallback : (managers.find(hasLockfile) ?? fallback);
}
