// Finds the members of a workspace, to refuse a project with the name of one of them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CreateError } from "../errors.ts";
import { normalizeName } from "./names.ts";
import { isDirectory } from "./target.ts";
import { includes, normalizedGlob, readManifest, type Workspace } from "./workspace.ts";

/**
 * Why the project cannot join the workspace under this name: every package manager refuses to install two members
 * of one name, so that no member of the workspace could be installed.
 */
export function duplicateName(
  name: string,
  workspace: Workspace | undefined,
): CreateError | undefined {
  if (workspace === undefined) return undefined;
  const { root, path: own, globs } = workspace;
  const members = globs
    .filter((glob) => !glob.startsWith("!"))
    .flatMap(withoutBraces)
    .flatMap((glob) => foldersMatching(root, "", normalizedGlob(glob).split("/")))
    .filter((path) => path !== own && includes(globs, path));
  const names = new Map(
    ["", ...members].map((path) => [readManifest(join(root, path))?.name, path] as const),
  );
  const holder = names.get(name);
  if (holder === undefined) return undefined;
  const suggested = normalizeName(own);
  let free = suggested;
  for (let count = 2; names.has(free); count += 1) free = `${suggested}-${count}`;
  return new CreateError(
    "invalid_name",
    `The workspace ${root} already has a package called "${name}"${holder && ` in ${holder}`}.`,
    `Use --name ${free}`,
  );
}

/** `{apps/*,libs/*}` → `apps/*` and `libs/*`: the alternatives may have different numbers of segments. */
function withoutBraces(glob: string): readonly string[] {
  const [, before, alternatives, after] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(glob) ?? [];
  if (alternatives === undefined) return [glob];
  return alternatives.split(",").flatMap((part) => withoutBraces(`${before}${part}${after}`));
}

/** The folders below `path` that match the segments of a glob. Dependencies are not searched. */
function foldersMatching(root: string, path: string, segments: readonly string[]): string[] {
  const [segment, ...rest] = segments;
  if (segment === undefined) return [path];
  // A package manager follows links to members. Below `**`, they could form a loop.
  const children = foldersIn(join(root, path), segment !== "**");
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

/** The names of the folders in a folder; none if it cannot be read. */
function foldersIn(folder: string, followsLinks: boolean): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(
        (entry) =>
          entry.isDirectory() ||
          (followsLinks && entry.isSymbolicLink() && isDirectory(join(folder, entry.name))),
      )
      .map(({ name }) => name)
      .filter((name) => !/^(node_modules|\.git)$/.test(name));
  } catch {
    return [];
  }
}
