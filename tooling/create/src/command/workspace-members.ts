// Finds the members of a workspace, to refuse a project with the name of one of them.
import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { CreateError } from "../errors.ts";
import { normalizeName } from "./names.ts";
import { includes, normalizedGlob, readManifest, type Workspace } from "./workspace.ts";

/**
 * Why the project cannot join the workspace under this name: every package manager refuses to install two members
 * of one name, so that no member of the workspace could be installed.
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
