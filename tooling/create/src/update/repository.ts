// The user's git repository around a project: what it tracks, and whether an update can be undone with it.
import { commitCommand, git, repositoryAround } from "../command/git.ts";
import { shellQuoted } from "../command/shell.ts";
import { CreateError } from "../errors.ts";
import { shortened } from "../shortened.ts";
import type { Variables } from "../subprocess.ts";
import { entryIn } from "./own-files.ts";

export interface Repository {
  /** Of the project in the repository: empty, or ending in a slash. */
  readonly prefix: string;
  /** Hash algorithm: `sha1` or `sha256`. */
  readonly objectFormat: string;
  /** Paths of the project that git tracks and compares with the last commit. */
  readonly tracked: ReadonlySet<string>;
  /** Paths that git tracks but does not compare: `skip-worktree`, as in a sparse checkout, or `assume-unchanged`. */
  readonly skipped: readonly string[];
  /** Paths of files that git neither tracks nor ignores. */
  readonly untracked: readonly string[];
  /** @param mode permission bits on the disk, which git ignores where `core.fileMode` is false, as on Windows */
  readonly isExecutable: (path: string, mode: number) => boolean;
}

/** Undefined outside of a repository. */
export async function openRepository(
  directory: string,
  variables: Variables,
): Promise<Repository | undefined> {
  if (repositoryAround(directory) === undefined) return undefined;
  const at = { cwd: directory, env: variables };
  const [prefix, objectFormat, index, untracked, fileMode] = await Promise.all([
    git(["rev-parse", "--show-prefix"], at),
    git(["rev-parse", "--show-object-format"], at),
    git(["ls-files", "-z", "-v", "--stage"], at),
    git(["ls-files", "-z", "--others", "--exclude-standard"], at),
    git(["config", "--type=bool", "--default=true", "core.fileMode"], at),
  ]);
  // For example `H 100644 <hash> 0<tab><path>`. `H` is the normal state.
  const entries = listed(index).map((line) => ({
    isCompared: line.startsWith("H "),
    mode: line.slice(2, 8),
    path: line.slice(line.indexOf("\t") + 1),
  }));
  const pathsOf = (isWanted: (entry: (typeof entries)[number]) => boolean) =>
    entries.filter(isWanted).map(({ path }) => path);
  const executables = new Set(pathsOf(({ mode }) => mode === "100755"));
  return {
    prefix: prefix.replace(/\n$/, ""),
    objectFormat: objectFormat.trim(),
    tracked: new Set(pathsOf(({ isCompared }) => isCompared)),
    skipped: pathsOf(({ isCompared }) => !isCompared),
    untracked: listed(untracked),
    isExecutable: (path, mode) =>
      fileMode.trim() === "true" ? (mode & 0o100) !== 0 : executables.has(path),
  };
}

/**
 * An update replaces files, and git is how a user gets them back.
 * @throws {CreateError} `refused` outside of a repository, or with uncommitted changes of tracked files
 */
export async function requireClean(directory: string, variables: Variables): Promise<Repository> {
  const repository = await openRepository(directory, variables);
  if (repository === undefined) {
    throw new CreateError(
      "refused",
      `${directory} is not in a git repository, so an update could not be undone.`,
      `Commit the project first: cd ${shellQuoted(directory)} && git init && git add -A && git commit -m 'Before the update'`,
    );
  }
  const status = await git(
    ["status", "--porcelain", "-z", "--untracked-files=no", "--no-renames", "--", "."],
    { cwd: directory, env: variables },
  );
  const absent = repository.skipped.filter((path) => entryIn(directory, path) === undefined);
  if (absent.length > 0) {
    throw new CreateError(
      "refused",
      `A sparse checkout leaves out files of the project: ${shortened(absent)}`,
      "Check them out with git sparse-checkout, and try again.",
    );
  }
  const changed = listed(status).map((line) => line.slice(3 + repository.prefix.length));
  if (changed.length > 0) {
    throw new CreateError(
      "refused",
      `There are uncommitted changes: ${shortened(changed)}`,
      "Commit or stash them, and try again.",
    );
  }
  if (!repository.tracked.has("package.json")) {
    throw new CreateError(
      "refused",
      "The project is not committed: git does not track its package.json.",
      `Commit it first: cd ${shellQuoted(directory)} && ${await commitCommand(directory, "Before the update", variables)}`,
    );
  }
  return repository;
}

const listed = (output: string): string[] => output.split("\0").filter((path) => path !== "");
