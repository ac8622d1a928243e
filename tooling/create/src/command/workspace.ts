// The workspace that a project becomes a member of, if its directory matches the globs of one further up.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { CreateError } from "../errors.ts";
import { isObject } from "../flatten/json.ts";

export interface Workspace {
  readonly root: string;
  /** The package manager whose lockfile the root has; a second one would contradict it. */
  readonly manager: string;
}

const MANAGERS: Readonly<Record<string, string>> = {
  "bun.lock": "bun",
  "bun.lockb": "bun",
  "package-lock.json": "npm",
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
};

/** The directories above a path, the nearest first. */
export function* ancestors(path: string): Generator<string> {
  for (let child = path, parent = dirname(path); parent !== child; ) {
    yield parent;
    child = parent;
    parent = dirname(parent);
  }
}

export function findWorkspace(directory: string): Workspace | undefined {
  for (const root of ancestors(directory)) {
    const path = relative(root, directory).split(sep).join("/");
    if (!includes(workspaceGlobs(root), path)) continue;
    const lockfile = Object.keys(MANAGERS).find((name) => existsSync(join(root, name)));
    return { root, manager: (lockfile && MANAGERS[lockfile]) ?? "bun" };
  }
  return undefined;
}

/** The globs of a workspace root, negated ones with their `!`; empty if the directory is not a root. */
function workspaceGlobs(root: string): readonly string[] {
  const workspaces = readManifest(join(root, "package.json"))?.workspaces;
  const globs = isObject(workspaces) ? workspaces.packages : workspaces;
  return Array.isArray(globs) ? globs.filter((glob) => typeof glob === "string") : [];
}

function includes(globs: readonly string[], path: string): boolean {
  const matches = (glob: string) => new Bun.Glob(glob.replace(/^\.\/|\/$/g, "")).match(path);
  const [out, into] = [true, false].map((negated) =>
    globs.filter((glob) => glob.startsWith("!") === negated),
  );
  return (into ?? []).some(matches) && !(out ?? []).some((glob) => matches(glob.slice(1)));
}

/** Undefined without a manifest, or with one that is broken: then it declares no workspace. */
function readManifest(file: string) {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isObject(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

const BIOME_FILES = ["biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc"];

/**
 * A project below a Biome configuration must not be a second root: Biome would refuse both. Any other
 * must be one, in a workspace too: without a root above, Biome passes over a nested configuration.
 */
export const isBelowBiome = (directory: string): boolean =>
  [...ancestors(directory)].some((path) =>
    BIOME_FILES.some((name) => existsSync(join(path, name))),
  );

/** The folders of Bunyard's own workspace are no place for a project: its checks would take it for a part. */
export function refuseOwnFolders(clone: string, directory: string): void {
  const [folder = ""] = relative(clone, directory).split(sep);
  const own = workspaceGlobs(clone).map((glob) => new Bun.Glob(glob.replace(/\/.*/, "")));
  if (folder !== "" && !own.some((glob) => glob.match(folder))) return;
  throw new CreateError(
    "usage",
    `${folder === "" ? "The clone's root" : `${folder}/`} belongs to Bunyard itself.`,
    "Choose another directory, for example ../my-app",
  );
}
