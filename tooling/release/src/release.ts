// Prepares a release in a temporary work tree, and merges it only if every step succeeded: a failure or an interrupt changes nothing.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nextVersion, ReleaseError, releaseChangelog } from "@bunyard/shared/release";
import { run } from "./command.ts";
import type { Packed } from "./registry.ts";
import { tarballProblems } from "./tarball.ts";
import { templateNotes } from "./template-notes.ts";
import { checkUpdates, type TemplateDiff } from "./update-check.ts";

export interface ReleaseOptions {
  /** The repository. It must have no uncommitted changes. */
  readonly root: string;
  /** `patch`, `minor`, `major` or a version. */
  readonly request: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** Do everything in the temporary work tree, and do not merge it. */
  readonly dryRun: boolean;
  /** Aborted by an interrupt: nothing is committed or tagged after it. */
  readonly signal: AbortSignal;
}

export interface Released {
  readonly version: string;
  /** Files that the release changes. */
  readonly files: readonly string[];
  /** The changelog's entries of this version, and what changed in each starter. */
  readonly notes: string;
}

/** @throws {ReleaseError} and changes nothing if the release is not possible. */
export async function release(options: ReleaseOptions): Promise<Released> {
  const { root, request, date, dryRun, signal } = options;
  const git = (...args: string[]) => run(root, "git", ...args);
  const version = nextVersion(await versionOf(root), request);
  const tag = `v${version}`;
  if ((await git("status", "--porcelain")) !== "") {
    throw new ReleaseError("There are uncommitted changes. Commit or stash them, and try again.");
  }
  if ((await git("tag", "--list", tag)) !== "") {
    throw new ReleaseError(`The tag ${tag} already exists. Choose another version.`);
  }
  const folder = await mkdtemp(resolve(tmpdir(), "bunyard-release-"));
  const tree = join(folder, "tree");
  try {
    await git("worktree", "add", "--quiet", "--detach", tree);
    const previous = await packPrevious(root, folder);
    const entries = await write(tree, version, date);
    const tarball = await pack(tree, folder);
    refuse("The tarball cannot be published", await tarballProblems(tarball, version));
    const diffs = await updatesFrom(previous, { version, tarball }, folder);
    const notes = [entries, templateNotes(diffs)].filter((part) => part !== "").join("\n\n");
    await run(tree, "git", "commit", "--quiet", "--all", "--message", `chore: release ${tag}`);
    const commit = await run(tree, "git", "rev-parse", "HEAD");
    const files = (await git("diff", "--name-only", "HEAD", commit)).split("\n");
    signal.throwIfAborted();
    if (!dryRun) {
      // From a file and verbatim: an argument has at most 128 KiB, and git would remove headings as comments.
      const message = join(folder, "notes.md");
      await Bun.write(message, `${tag}\n\n${notes}\n`);
      await git("tag", "--annotate", "--cleanup=verbatim", "--file", message, tag, commit);
      await git("merge", "--quiet", "--ff-only", commit).catch(async (error) => {
        await git("tag", "--delete", tag);
        throw error;
      });
    }
    return { version, files, notes };
  } finally {
    await git("worktree", "remove", "--force", tree).catch(() => git("worktree", "prune"));
    await rm(folder, { recursive: true, force: true });
  }
}

function refuse(reason: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new ReleaseError(`${reason}:\n  ${problems.join("\n  ")}`);
}

/** The current version as it was published; undefined before the first release. */
async function packPrevious(root: string, folder: string): Promise<Packed | undefined> {
  const version = await versionOf(root);
  if ((await run(root, "git", "tag", "--list", `v${version}`)) === "") return undefined;
  const tree = join(folder, "previous");
  await run(root, "git", "worktree", "add", "--quiet", "--detach", tree, `v${version}`);
  try {
    await run(tree, process.execPath, "install", "--frozen-lockfile", "--no-summary");
    return { version, tarball: await pack(tree, folder) };
  } finally {
    await run(root, "git", "worktree", "remove", "--force", tree);
  }
}

/**
 * The changes that `update` makes in projects of the previous version.
 * @throws {ReleaseError} if they cannot be updated
 */
async function updatesFrom(
  previous: Packed | undefined,
  next: Packed,
  folder: string,
): Promise<readonly TemplateDiff[]> {
  if (previous === undefined) return [];
  const scratch = join(folder, "updates");
  await mkdir(scratch);
  const { problems, diffs } = await checkUpdates(scratch, previous, next);
  refuse(`Projects of ${previous.version} cannot be updated`, problems);
  return diffs;
}

/** Writes the version into every package.json, the lockfile and the changelog. Returns the changelog's entries. */
async function write(tree: string, version: string, date: string): Promise<string> {
  const changelog = Bun.file(join(tree, "CHANGELOG.md"));
  const text = releaseChangelog(await changelog.text(), version, date);
  await changelog.write(text);
  const { workspaces } = await Bun.file(join(tree, "package.json")).json();
  for (const folder of [".", ...workspaces]) {
    for await (const path of new Bun.Glob(`${folder}/package.json`).scan(tree)) {
      const file = Bun.file(join(tree, path));
      // As text, not as JSON, to keep the formatting.
      await file.write((await file.text()).replace(/^( {2}"version": )".*"/m, `$1"${version}"`));
    }
  }
  await run(tree, process.execPath, "install", "--no-summary");
  const [, , entries = ""] = text.split(/^## \[.*\n/m); // after those under [Unreleased], which are none
  return entries.trim();
}

/** The tarball as it would be published. */
async function pack(tree: string, folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const create = join(tree, "tooling", "create");
  const file = join(folder, "package.tgz");
  await run(create, process.execPath, "run", "build");
  const packed = ["pm", "pack", "--quiet", "--filename", file];
  await run(join(create, "dist"), process.execPath, ...packed);
  return await Bun.file(file).bytes();
}

async function versionOf(root: string): Promise<string> {
  const { version } = await Bun.file(join(root, "package.json")).json();
  return version;
}
