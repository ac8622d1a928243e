// Releases a package: moves its changelog entries, sets its version, runs its checks, commits and tags.
import { $ } from "bun";

/** Why a release is not possible. Nothing was changed. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";

  /** @param code `usage` exits with 2, the others with 1. */
  constructor(
    readonly code: "usage" | "refused" | "failed",
    message: string,
  ) {
    super(message);
  }

  get exitCode(): number {
    return this.code === "usage" ? 2 : 1;
  }
}

/**
 * Returns the next version by Semantic Versioning 2.0.0 (https://semver.org).
 * @param request `patch`, `minor`, `major`, or a version that is higher than the current one
 * @throws {ReleaseError} `usage`
 */
export function nextVersion(current: string, request: string): string {
  const [major = 0, minor = 0, patch = 0] = current.split(/[.-]/).map(Number);
  const bumped: Readonly<Record<string, string>> = {
    major: `${major + 1}.0.0`,
    minor: `${major}.${minor + 1}.0`,
    patch: `${major}.${minor}.${patch + 1}`,
  };
  const version = bumped[request] ?? request;
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[\da-z-]+(\.[\da-z-]+)*)?$/i.test(version)) {
    throw new ReleaseError("usage", `${request} is not patch, minor, major or a version.`);
  }
  if (Bun.semver.order(version, current) > 0) return version;
  throw new ReleaseError("usage", `${version} is not higher than the current version ${current}.`);
}

export interface ReleasedChangelog {
  readonly text: string;
  /** The entries of this version. */
  readonly notes: string;
}

/**
 * Moves the entries under `[Unreleased]` to a section for the version, as Keep a Changelog 1.1.0 describes.
 * @param date `YYYY-MM-DD`
 * @throws {ReleaseError} `refused` if there is nothing to release
 */
export function releaseChangelog(text: string, version: string, date: string): ReleasedChangelog {
  const [head = "", after] = text.split(/(?<=^## \[Unreleased\]\n)/m);
  if (after === undefined) {
    throw new ReleaseError("refused", "CHANGELOG.md has no section [Unreleased].");
  }
  const [body = "", ...earlier] = after.split(/^(?=## \[)/m);
  const notes = body.trim();
  if (!/^- /m.test(notes)) {
    throw new ReleaseError(
      "refused",
      "CHANGELOG.md has no entry under [Unreleased]. Describe what changed, and try again.",
    );
  }
  const sections = [`## [${version}] - ${date}\n\n${notes}\n`, earlier.join("")];
  return { text: [head, ...sections.filter((section) => section !== "")].join("\n"), notes };
}

/**
 * Releases the package in the working directory, and prints what to do next.
 * @param request as for {@link nextVersion}; the current version is allowed until it has a tag
 * @param checks scripts of package.json; if one fails, CHANGELOG.md and package.json are restored
 * @returns the exit code
 */
export async function releasePackage(
  request: string | undefined,
  checks: readonly string[],
): Promise<number> {
  try {
    if (!request) throw new ReleaseError("usage", "Name the version.");
    const version = await release(request, checks);
    console.log(
      `Version ${version} is committed and tagged. Push both, and continue as README.md describes:`,
    );
    console.log(`  git push origin HEAD v${version}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    console.error(error.message);
    if (error.code === "usage")
      console.error("Usage: bun run release <patch | minor | major | version>");
    return error.exitCode;
  }
}

async function release(request: string, checks: readonly string[]): Promise<string> {
  const [manifest, changelog] = [Bun.file("package.json"), Bun.file("CHANGELOG.md")];
  const before = { manifest: await manifest.text(), changelog: await changelog.text() };
  const { version: current, private: isPrivate } = JSON.parse(before.manifest);
  const version = request === current ? current : nextVersion(current, request);
  if (isPrivate) {
    throw new ReleaseError(
      "refused",
      'The package is private. Remove "private" from package.json to publish it.',
    );
  }
  await refuseGitState(`v${version}`);
  const restore = async () => {
    await changelog.write(before.changelog);
    await manifest.write(before.manifest);
  };
  const date = new Date().toISOString().slice(0, 10);
  const { text } = releaseChangelog(before.changelog, version, date);
  // As text, not as JSON, to keep the formatting.
  const released = before.manifest.replace(/("version"\s*:\s*)"[^"]*"/, `$1"${version}"`);
  if (JSON.parse(released).version !== version) {
    throw new ReleaseError(
      "refused",
      'Another "version" comes before that of the package. Move the package\'s to the top of package.json.',
    );
  }
  await changelog.write(text);
  await manifest.write(released);
  for (const check of checks) {
    if ((await $`${process.execPath} run ${check}`.nothrow()).exitCode === 0) continue;
    await restore();
    throw new ReleaseError("failed", `\`bun run ${check}\` failed, so nothing was released.`);
  }
  const subject = `chore: release v${version}`;
  const commit = await $`git commit --quiet --message ${subject} -- package.json CHANGELOG.md`
    .quiet()
    .nothrow();
  if (commit.exitCode !== 0) {
    await restore();
    throw gitFailure("commit", commit.stderr);
  }
  const tag = await $`git tag --annotate v${version} --message v${version}`.quiet().nothrow();
  if (tag.exitCode !== 0) {
    await $`git reset --quiet HEAD~1`;
    await restore();
    throw gitFailure("tag", tag.stderr);
  }
  return version;
}

function gitFailure(command: string, output: Buffer): ReleaseError {
  const message = `\`git ${command}\` failed, so nothing was released. Fix the cause, and try again:`;
  return new ReleaseError("failed", `${message}\n${output}`);
}

/** @throws {ReleaseError} outside a repository, with uncommitted changes, or if the tag exists */
async function refuseGitState(tag: string): Promise<void> {
  const { exitCode, stdout, stderr } = await $`git status --porcelain`.quiet().nothrow();
  if (exitCode !== 0) {
    throw new ReleaseError("refused", `git cannot read the state of this folder.\n${stderr}`);
  }
  if (stdout.length > 0) {
    throw new ReleaseError(
      "refused",
      `There are uncommitted changes. Commit or stash them, and try again:\n${stdout}`,
    );
  }
  if ((await $`git tag --list ${tag}`.text()) !== "") {
    throw new ReleaseError("refused", `The tag ${tag} already exists. Choose another version.`);
  }
}
