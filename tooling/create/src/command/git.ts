// Manners with git: is it there, does it know who commits, is there a repository already; and the first commit.
import { existsSync } from "node:fs";
import { join, parse } from "node:path";
import { CreateError } from "../errors.ts";
import { type Environment, run } from "../subprocess.ts";
import { ancestors } from "./workspace.ts";

const MESSAGE = "Initial commit";

/** For a repository that is new: one pack instead of a file an object, no waiting for the disk, no upkeep. */
const SWIFT = ["core.bigFileThreshold=1", "core.fsync=none", "maintenance.auto=false"].flatMap(
  (setting) => ["-c", setting],
);

/** Why there can be no first commit; undefined if nothing speaks against it. */
export async function gitObstacle(
  directory: string,
  env: Environment,
): Promise<string | undefined> {
  const above = [directory, ...ancestors(directory)];
  const repository = above.find((path) => existsSync(join(path, ".git")));
  if (repository !== undefined) return `already inside a git repository: ${repository}`;
  if (Bun.which("git", { PATH: env.PATH ?? "" }) === null) return "git is not installed";
  // Outside of repositories the answer is the same everywhere, and every user may be at the root.
  const { root: cwd } = parse(directory);
  const command = ["git", "var", "GIT_AUTHOR_IDENT"];
  const identity = await run({ command, cwd, env: withoutRepository(env) });
  return identity.exitCode === 0 ? undefined : "git has no user.name and user.email";
}

/** Makes a repository with one commit of everything that is not ignored. */
export async function firstCommit(cwd: string, env: Environment, signal: AbortSignal) {
  const own = withoutRepository(env);
  for (const args of [
    ["init", "--quiet", "--initial-branch=main"],
    [...SWIFT, "add", "--all"],
    [...SWIFT, "commit", "--quiet", "--message", MESSAGE],
  ]) {
    const { exitCode, output } = await run({ command: ["git", ...args], cwd, env: own, signal });
    if (exitCode === 0) continue;
    throw new CreateError(
      "git_failed",
      `The first commit failed: ${output || `git exited with ${exitCode}`}`,
      `Try again: git init -b main && git add -A && git commit -m "${MESSAGE}"`,
    );
  }
}

/** A git hook that calls us names its repository to every git below it; ours is another one. */
function withoutRepository(env: Environment): Environment {
  const { GIT_DIR: _dir, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...rest } = env;
  return rest;
}
