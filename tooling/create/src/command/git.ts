// Works with git: whether a first commit is possible, the commit itself, and files that an ignore rule hides.
import { existsSync } from "node:fs";
import { join, parse, relative } from "node:path";
import { CreateError } from "../errors.ts";
import { run, type Subprocess, type Variables } from "../subprocess.ts";
import { lockfilesIn } from "./package-manager.ts";
import { shellQuoted } from "./shell.ts";
import { ancestors, findWorkspace } from "./workspace.ts";

const MESSAGE = "Initial commit";
/** Git before 2.28 does not know `init --initial-branch`, but ignores an unknown setting. */
const INIT = ["-c", "init.defaultBranch=main", "init"];

/** Makes the first commit faster: one pack instead of a file per object, no fsync, no maintenance. */
const FAST = ["core.bigFileThreshold=1", "core.fsync=none", "maintenance.auto=false"].flatMap(
  (setting) => ["-c", setting],
);

/** The repository that a directory is in; undefined outside of one. */
export const repositoryAround = (directory: string): string | undefined =>
  [directory, ...ancestors(directory)].find((path) => existsSync(join(path, ".git")));

/** Why there can be no first commit; undefined if there can. */
export async function gitObstacle(
  directory: string,
  variables: Variables,
): Promise<string | undefined> {
  const repository = repositoryAround(directory);
  if (repository !== undefined) return `already inside a git repository: ${repository}`;
  // A repository inside the workspace's future one would be embedded: clones would not contain its files.
  const workspace = findWorkspace(directory);
  if (workspace !== undefined) return `the workspace is not in a git repository: ${workspace.root}`;
  if (!hasGit(variables)) return "git is not installed";
  // The identity is the same in every directory outside of repositories, and every user may enter the root.
  const { root: cwd } = parse(directory);
  const env = { ...withoutRepository(variables), LC_ALL: "C" };
  const read = (...args: string[]) => run({ command: ["git", ...args], cwd, env });
  const idents = ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"].map((name) => read("var", name));
  const failed = (await Promise.all(idents)).find(({ exitCode }) => exitCode !== 0);
  if (failed === undefined) return undefined;
  const [, broken] = /^fatal: (bad .*config.*)$/m.exec(failed.output) ?? [];
  if (broken !== undefined) return `git cannot read its configuration: ${broken}`;
  // An identity for some directories only is not known before the repository exists.
  const conditions = await read("config", "--get-regexp", String.raw`^includeif\.`);
  if (conditions.exitCode === 0) return undefined;
  return "git has no user.name and user.email";
}

/**
 * Creates a repository with one commit of every file that is not ignored.
 * @throws {CreateError} `git_failed`
 */
export async function firstCommit(cwd: string, variables: Variables, signal: AbortSignal) {
  const env = withoutRepository(variables);
  for (const args of [
    [...INIT, "--quiet"],
    [...FAST, "add", "--all"],
    [...FAST, "commit", "--quiet", "--message", MESSAGE],
  ]) {
    const { exitCode, output } = await run({ command: ["git", ...args], cwd, env, signal });
    if (exitCode === 0) continue;
    const commands = [
      `git ${INIT.join(" ")}`,
      "git add -A",
      `git commit -m ${shellQuoted(MESSAGE)}`,
    ];
    throw new CreateError(
      "git_failed",
      `The project was created, but the first commit failed: ${output || `git exited with ${exitCode}`}`,
      `Try again: ${[`cd ${shellQuoted(cwd)}`, ...commands].join(" && ")}`,
    );
  }
}

/**
 * The command with which the user commits a project, in its directory. In a larger repository, it commits nothing but the
 * project and the lockfile of its workspace.
 */
export async function commitCommand(
  directory: string,
  message: string,
  variables: Variables,
): Promise<string> {
  const repository = repositoryAround(directory);
  const root = findWorkspace(directory)?.root;
  const isRootInside = root !== undefined && repositoryAround(root) === repository;
  const lockfiles = isRootInside ? lockfilesIn(root) : [];
  const rules = await ignoredFiles(directory, lockfiles, variables);
  const ignored = rules.flatMap(({ files }) => files);
  const committed = lockfiles.filter((file) => !ignored.includes(file));
  const paths = [".", ...committed.map((file) => shellQuoted(relative(directory, file)))];
  const only = repository === directory ? "" : ` ${paths.join(" ")}`;
  return `git add -A${only} && git commit -m ${shellQuoted(message)}${only}`;
}

/** Files that an ignore rule hides from git. */
export interface Ignored {
  /** Where the rule is: `file:line`. */
  readonly rule: string;
  readonly pattern: string;
  readonly files: readonly string[];
}

/**
 * The project's files that git will not commit: a global ignore file, or one in a parent directory, may list `lib/`.
 * Empty if the directory is not in a repository.
 */
export async function ignoredFiles(
  cwd: string,
  files: readonly string[],
  variables: Variables,
): Promise<readonly Ignored[]> {
  if (!hasGit(variables)) return [];
  const { stdout } = await run({
    command: ["git", "check-ignore", "--verbose", "-z", "--stdin"],
    cwd,
    env: withoutRepository(variables),
    stdin: files.join("\0"),
  });
  const rules = new Map<string, { rule: string; pattern: string; files: string[] }>();
  const fields = stdout.split("\0");
  for (let index = 0; index + 3 < fields.length; index += 4) {
    const [source = "", line = "", pattern = "", file = ""] = fields.slice(index, index + 4);
    // A pattern with `!` includes the file again.
    if (pattern.startsWith("!")) continue;
    const rule = `${source}:${line}`;
    const entry = rules.get(rule) ?? { rule, pattern, files: [] };
    entry.files.push(file);
    rules.set(rule, entry);
  }
  return [...rules.values()];
}

/**
 * Runs git and returns its standard output.
 * @throws {CreateError} `git_failed`
 */
export async function git(args: readonly string[], options: Omit<Subprocess, "command">) {
  const env = withoutRepository(options.env);
  const { exitCode, stdout, output } = await run({ ...options, env, command: ["git", ...args] });
  if (exitCode === 0) return stdout;
  throw new CreateError("git_failed", `git ${args[0]} failed: ${output}`);
}

export const hasGit = ({ PATH = "" }: Variables): boolean => Bun.which("git", { PATH }) !== null;

/** Variables that point git at another repository. */
const REPOSITORY_VARIABLE =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|PREFIX|NAMESPACE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES)$/;

/** A git hook sets them. With them, git would use the hook's repository instead of the project's. */
export const withoutRepository = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !REPOSITORY_VARIABLE.test(name)));
