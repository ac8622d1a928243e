// Defect: the bundler does not notice that a package was installed, updated or removed.
// Bun 1.4.5, no issue found.
// Workaround: polls the names in node_modules, and restarts the bundler if the page uses one that changed.
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import type { BunPlugin } from "bun";
import { loadedFiles, requestRestart, sources, textOf } from "./source-files.ts";

type Packages = ReadonlyMap<string, string>;

const POLL_MS = 250;
const FOLDER = "node_modules";
/** A package, with its scope if it has one; not `.bin`, and not a scope itself. */
const PACKAGE = /^(@[^/]+\/)?[^/.@][^/]*$/;

export default {
  name: "installed-packages",
  setup() {
    let latest = installed();
    let modified = lastModified();
    const changed = new Set<string>();
    setInterval(() => {
      const previous = modified;
      modified = lastModified();
      const current = modified === previous ? latest : installed();
      const differences = diffPackages(latest, current);
      latest = current;
      for (const name of differences) changed.add(name);
      // Waits until nothing has changed for one interval, because the installation may still be running.
      if (differences.length > 0 || changed.size === 0) return;
      const used = [...changed].filter(isUsed);
      changed.clear();
      if (used.length === 0) return;
      requestRestart(`${used.join(", ")} was installed, updated or removed`);
    }, POLL_MS);
  },
} satisfies BunPlugin;

/** Returns the installed packages, each with a value that changes when another version is installed. */
function installed(): Packages {
  const names = scopes().flatMap((scope) => list(scope).map((name) => join(scope, name)));
  return new Map(names.filter((name) => PACKAGE.test(name)).map((name) => [name, version(name)]));
}

/** Returns a value that changes when a package is added, replaced or removed. */
function lastModified(): string {
  const times = scopes().map(
    (scope) => statSync(join(FOLDER, scope), { throwIfNoEntry: false })?.mtimeMs,
  );
  return times.join();
}

/** Returns the folders that contain packages, relative to node_modules. */
function scopes(): readonly string[] {
  return ["", ...list("").filter((name) => name.startsWith("@"))];
}

function list(scope: string): readonly string[] {
  try {
    return readdirSync(join(FOLDER, scope));
  } catch {
    // Missing, or removed at this moment.
    return [];
  }
}

function version(name: string): string {
  try {
    const folder = join(FOLDER, name);
    const { ino, birthtimeMs } = statSync(folder);
    // A folder that is removed and created again may get the same inode.
    return `${realpathSync(folder)} ${ino} ${birthtimeMs}`;
  } catch {
    return "";
  }
}

function diffPackages(before: Packages, after: Packages): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}

/** Returns whether a source of the page, or a package that the page uses, imports the package. */
function isUsed(name: string): boolean {
  const imported = new RegExp(`["'(]${RegExp.escape(name)}["'/)]`);
  return (
    sources().some((path) => imported.test(textOf(path))) ||
    [...loadedFiles.keys()].some((path) => path.includes(`${sep}${join(FOLDER, name)}${sep}`))
  );
}
