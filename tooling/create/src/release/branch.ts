// Commits a project to a branch that contains nothing else. Reproducible: the same input gives the same commit id.
import { join } from "node:path";
import type { FileMap } from "../flatten/file-map.ts";
import { openScratch } from "../scratch.ts";

/** A fixed author, so that everyone who releases the same commit creates the same branches. */
const AUTHOR = { name: "Bunyard", email: "bunyard@users.noreply.github.com" };

export interface Change {
  readonly project: FileMap;
  readonly message: string;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Resolves to the id of a ref's commit; undefined if the ref does not exist. */
export async function tipOf(root: string, ref: string): Promise<string | undefined> {
  const id = await Bun.$`git -C ${root} rev-parse --verify --quiet ${ref}`.nothrow().text();
  return id.trim() || undefined;
}

/**
 * Writes a commit on top of `parent` without touching the working tree, the index or any ref.
 * @returns its id; the id of `parent` if the project has not changed
 */
export async function commitOnTop(
  root: string,
  parent: string | undefined,
  { project, message, time }: Change,
): Promise<string> {
  const tree = await writeTree(root, project);
  if (parent !== undefined && tree === (await tipOf(root, `${parent}^{tree}`))) return parent;
  const { name, email } = AUTHOR;
  const date = `${time} +0000`;
  const parents = parent === undefined ? [] : ["-p", parent];
  const env = {
    ...process.env,
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date },
    ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email, GIT_COMMITTER_DATE: date },
  };
  const commit = Bun.$`git -C ${root} commit-tree ${tree} ${parents} -m ${message}`;
  return (await commit.env(env).text()).trim();
}

async function writeTree(root: string, project: FileMap): Promise<string> {
  using scratch = openScratch();
  const tree = join(scratch.folder, "tree");
  for (const [path, content] of project) await Bun.write(join(tree, path), content);
  const env = {
    ...process.env,
    GIT_DIR: (await Bun.$`git -C ${root} rev-parse --absolute-git-dir`.text()).trim(),
    GIT_WORK_TREE: tree,
    GIT_INDEX_FILE: join(scratch.folder, "index"),
  };
  await Bun.$`git -c core.autocrlf=false add --all --force .`.cwd(tree).env(env).quiet();
  return (await Bun.$`git write-tree`.cwd(tree).env(env).text()).trim();
}
