// Finds out what applies to a project because of its location: a workspace, and a Biome configuration.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { isObject, type JsonObject } from "../flatten/json.ts";
import { type PackageManager, packageManagerOf } from "./package-manager.ts";

export interface Workspace {
  readonly root: string;
  /** Of the project, relative to the root. */
  readonly path: string;
  /** Globs of the members. Those with a leading `!` exclude. */
  readonly globs: readonly string[];
  /** The package manager that installs the workspace; the lockfile of another one would contradict its own. */
  readonly manager: PackageManager;
}

/** The directories above a path, the nearest first. */
export function* ancestors(path: string): Generator<string> {
  for (let child = path, parent = dirname(path); parent !== child; ) {
    yield parent;
    child = parent;
    parent = dirname(parent);
  }
}

export interface Nesting {
  /**
   * A Biome configuration in a parent directory applies. If so, the project's must not be a root, because Biome refuses
   * a second one. If not, it must be a root, in a workspace too, because Biome would ignore it.
   */
  readonly isBelowBiome: boolean;
  readonly workspace: Workspace | undefined;
}

const BIOME_FILES = ["biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc"];

export const nestingOf = (directory: string): Nesting => ({
  isBelowBiome: [...ancestors(directory)].some((path) =>
    BIOME_FILES.some((name) => existsSync(join(path, name))),
  ),
  workspace: findWorkspace(directory),
});

/** The nearest workspace in a parent directory whose globs match the project's directory. */
export function findWorkspace(directory: string): Workspace | undefined {
  for (const root of ancestors(directory)) {
    const path = relative(root, directory).split(sep).join("/");
    const manifest = readManifest(root);
    for (const [globs, fallback] of [
      [pnpmGlobs(root), "pnpm"],
      [manifestGlobs(manifest), "bun"],
    ] as const) {
      if (includes(globs, path)) {
        return { root, path, globs, manager: packageManagerOf(root, manifest, fallback) };
      }
    }
  }
  return undefined;
}

/** The globs in pnpm-workspace.yaml; empty without one, or with one that is broken. */
function pnpmGlobs(root: string): readonly string[] {
  const file = join(root, "pnpm-workspace.yaml");
  if (!existsSync(file)) return [];
  const content = attempt(() => Bun.YAML.parse(readFileSync(file, "utf8")));
  return isObject(content) ? strings(content.packages) : [];
}

export function manifestGlobs(manifest: JsonObject | undefined): readonly string[] {
  const workspaces = manifest?.workspaces;
  return strings(isObject(workspaces) ? workspaces.packages : workspaces);
}

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

export const normalizedGlob = (glob: string): string => glob.replace(/^\.\/|\/$/g, "");

export function includes(globs: readonly string[], path: string): boolean {
  const matches = (glob: string) => new Bun.Glob(normalizedGlob(glob)).match(path);
  return (
    globs.some((glob) => !glob.startsWith("!") && matches(glob)) &&
    !globs.some((glob) => glob.startsWith("!") && matches(glob.slice(1)))
  );
}

/** Undefined without a manifest, or with one that is broken: then the folder declares no workspace. */
export function readManifest(folder: string): JsonObject | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  // Bun also reads a package.json with comments, trailing commas, and a byte order mark.
  const manifest = attempt(() => Bun.JSONC.parse(readFileSync(file, "utf8")));
  return isObject(manifest) ? manifest : undefined;
}

/** A file of the user's that cannot be read or parsed counts as absent. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
