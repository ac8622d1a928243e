// Finds the workspace that a project joins if its directory matches the globs of a workspace further up.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { CreateError } from "../errors.ts";
import { isObject, type JsonObject } from "../flatten/json.ts";
import { normalizeName } from "./names.ts";
import { type PackageManager, packageManagerOf } from "./package-manager.ts";

export interface Workspace {
  readonly root: string;
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

export function findWorkspace(directory: string): Workspace | undefined {
  for (const root of ancestors(directory)) {
    const path = relative(root, directory).split(sep).join("/");
    const manifest = readManifest(root);
    for (const [globs, fallback] of [
      [pnpmGlobs(root), "pnpm"],
      [manifestGlobs(manifest), "bun"],
    ] as const) {
      if (includes(globs, path)) {
        return { root, globs, manager: packageManagerOf(root, manifest, fallback) };
      }
    }
  }
  return undefined;
}

/**
 * Why the project cannot join the workspace under this name: every package manager refuses to install two members
 * of one name, so that the whole workspace would be broken.
 */
export function duplicateName(
  name: string,
  directory: string,
  workspace: Workspace | undefined,
): CreateError | undefined {
  if (workspace === undefined) return undefined;
  const { root, globs } = workspace;
  const own = relative(root, directory).split(sep).join("/");
  const members = globs
    .filter((glob) => !glob.startsWith("!"))
    .flatMap((glob) => foldersMatching(root, "", normalizedGlob(glob).split("/")))
    .filter((path) => path !== own && includes(globs, path));
  const holder = ["", ...members].find((path) => readManifest(join(root, path))?.name === name);
  if (holder === undefined) return undefined;
  return new CreateError(
    "invalid_name",
    `The workspace ${root} already has a package called "${name}"${holder && ` in ${holder}`}.`,
    `Use --name ${normalizeName(own)}`,
  );
}

/** The folders below `path` that match the segments of a glob. Dependencies are not searched. */
function foldersMatching(root: string, path: string, segments: readonly string[]): string[] {
  const [segment, ...rest] = segments;
  if (segment === undefined) return [path];
  const children = readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(node_modules|\.git)$/.test(entry.name))
    .map(({ name }) => name);
  const below = (name: string) => (path === "" ? name : `${path}/${name}`);
  if (segment === "**") {
    const deeper = children.flatMap((name) => foldersMatching(root, below(name), segments));
    return [...foldersMatching(root, path, rest), ...deeper];
  }
  const glob = new Bun.Glob(segment);
  return children
    .filter((name) => glob.match(name))
    .flatMap((name) => foldersMatching(root, below(name), rest));
}

/** The globs in pnpm-workspace.yaml; empty without one, or with one that is broken. */
function pnpmGlobs(root: string): readonly string[] {
  const file = join(root, "pnpm-workspace.yaml");
  if (!existsSync(file)) return [];
  const content = attempt(() => Bun.YAML.parse(readFileSync(file, "utf8")));
  return isObject(content) ? strings(content.packages) : [];
}

function manifestGlobs(manifest: JsonObject | undefined): readonly string[] {
  const workspaces = manifest?.workspaces;
  return strings(isObject(workspaces) ? workspaces.packages : workspaces);
}

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

const normalizedGlob = (glob: string): string => glob.replace(/^\.\/|\/$/g, "");

function includes(globs: readonly string[], path: string): boolean {
  const matches = (glob: string) => new Bun.Glob(normalizedGlob(glob)).match(path);
  return (
    globs.some((glob) => !glob.startsWith("!") && matches(glob)) &&
    !globs.some((glob) => glob.startsWith("!") && matches(glob.slice(1)))
  );
}

/** Undefined without a manifest, or with one that is broken: then the folder declares no workspace. */
function readManifest(folder: string): JsonObject | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  const manifest = attempt(() => JSON.parse(readFileSync(file, "utf8")));
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

const BIOME_FILES = ["biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc"];

/**
 * Whether a Biome configuration further up applies. The project's configuration must then not be a second root, which
 * Biome refuses. Without one further up it must be a root, in a workspace too: Biome ignores nested configurations.
 */
export const isBelowBiome = (directory: string): boolean =>
  [...ancestors(directory)].some((path) =>
    BIOME_FILES.some((name) => existsSync(join(path, name))),
  );

/**
 * Bunyard's own folders cannot contain a project: its checks would treat it as a part of Bunyard.
 * @throws {CreateError} `usage`
 */
export function refuseOwnFolders(clone: string, directory: string): void {
  const [folder = ""] = relative(clone, directory).split(sep);
  const own = manifestGlobs(readManifest(clone)).map((glob) => glob.replace(/\/.*/, ""));
  if (folder !== "" && !own.some((glob) => new Bun.Glob(glob).match(folder))) return;
  throw new CreateError(
    "usage",
    `${folder === "" ? "The clone's root" : `${folder}/`} belongs to Bunyard itself.`,
    "Choose another directory, for example ../my-app",
  );
}
