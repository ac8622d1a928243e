// Releases a package: runs its checks, moves its changelog entries, sets its version, commits and tags.
import { $ } from "bun";

/** Why a release is not possible. Nothing was changed. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";

  /** @param exitCode 2 for wrong arguments */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
  }
}

const VERSION =
  /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-(0|[1-9]\d*|\d*[a-z-][\da-z-]*)(\.(0|[1-9]\d*|\d*[a-z-][\da-z-]*))*)?$/i;

/**
 * Returns the next version by Semantic Versioning 2.0.0 (https://semver.org). After a prerelease, it is the version that was
 * prepared, as with `npm version`: 1.0.0 after 1.0.0-beta.1.
 * @param request `patch`, `minor`, `major`, or a version that is higher than the current one
 * @throws {ReleaseError} with exit code 2
 */
export function nextVersion(current: string, request: string): string {
  const [major = 0, minor = 0, patch = 0] = current.split(/[.+-]/).map(Number);
  const isPrerelease = /^[\d.]+-/.test(current);
  // A prerelease already has the numbers of the version that it prepares: 1.0.0 is the next major version after 1.0.0-beta.1.
  const increment = (isPrepared: boolean) => (isPrerelease && isPrepared ? 0 : 1);
  const bumped: Readonly<Record<string, string>> = {
    major: `${major + increment(minor === 0 && patch === 0)}.0.0`,
    minor: `${major}.${minor + increment(patch === 0)}.0`,
    patch: `${major}.${minor}.${patch + increment(true)}`,
  };
  const version = bumped[request] ?? request;
  if (!VERSION.test(version)) {
    throw new ReleaseError(`${request} is not patch, minor, major or a version.`, 2);
  }
  if (Bun.semver.order(version, current) > 0) return version;
  throw new ReleaseError(`${version} is not higher than the current version ${current}.`, 2);
}

/**
 * Moves the entries under `[Unreleased]` to a section for the version, as Keep a Changelog 1.1.0 describes.
 * @param date `YYYY-MM-DD`
 * @throws {ReleaseError} if there is nothing to release
 */
export function releaseChangelog(text: string, version: string, date: string): string {
  const [head = "", after] = text.split(/(?<=^## \[Unreleased\]\n)/m);
  if (after === undefined) throw new ReleaseError("CHANGELOG.md has no section [Unreleased].");
  const [body = "", ...earlier] = after.split(/^(?=## \[)/m);
  const entries = body.trim();
  if (!/^- /m.test(entries)) {
    throw new ReleaseError(
      "CHANGELOG.md has no entry under [Unreleased]. Describe what changed, and try again.",
    );
  }
  const sections = [`## [${version}] - ${date}\n\n${entries}\n`, earlier.join("")];
  return [head, ...sections.filter((section) => section !== "")].join("\n");
}

/**
 * Releases the package in the working directory, and prints what to do next.
 * @param request as for {@link nextVersion}; the current version is allowed until it has a tag. If CHANGELOG.md already has its
 * section, a release was killed after its commit, and is only tagged.
 * @param checks scripts of package.json that must succeed first
 * @returns the exit code
 */
export async function releasePackage(
  request: string | undefined,
  checks: readonly string[],
): Promise<number> {
  let isInterrupted = false;
  process.on("SIGINT", () => {
    // Ctrl-C also reaches the check or the git command that runs. Without this handler, it would end this process, too, which
    // could have changed the files and not committed them yet.
    isInterrupted = true;
  });
  try {
    if (!request) throw new ReleaseError("Name the version.", 2);
    await prepare(request);
    for (const check of checks) {
      const { exitCode } = await $`${process.execPath} run ${check}`.nothrow();
      // A check can succeed although it was interrupted.
      if (isInterrupted) throw new ReleaseError("Interrupted, so nothing was released.");
      if (exitCode === 0) continue;
      throw new ReleaseError(`\`bun run ${check}\` failed, so nothing was released.`);
    }
    // Again, because files may have been edited during the checks.
    const { version, files } = await prepare(request);
    for (const [path, text] of Object.entries(files)) await Bun.write(path, text);
    await commitAndTag(version, Object.keys(files));
    console.log(`Version ${version} is committed and tagged. Push both, and continue as README.md describes:
  git push origin HEAD v${version}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    console.error(error.message);
    if (error.exitCode === 2)
      console.error("Usage: bun run release <patch | minor | major | version>");
    return error.exitCode;
  }
}

/**
 * Returns the version and the files to write, and changes nothing. There are none if the release was killed after its commit.
 * @throws {ReleaseError} if the release is not possible
 */
async function prepare(
  request: string,
): Promise<{ version: string; files: Record<string, string> }> {
  const manifest = await Bun.file("package.json").text();
  const { version: current, private: isPrivate } = JSON.parse(manifest);
  const version: string = request === current ? current : nextVersion(current, request);
  if (isPrivate) {
    throw new ReleaseError(
      'The package is private. Remove "private" from package.json to publish it.',
    );
  }
  await refuseGitState(`v${version}`);
  // As text, not as JSON, to keep the formatting.
  const released = manifest.replace(/("version"\s*:\s*)"[^"]*"/, `$1"${version}"`);
  if (JSON.parse(released).version !== version) {
    throw new ReleaseError(
      'Another "version" comes before that of the package. Move the package\'s to the top of package.json.',
    );
  }
  const entries = await Bun.file("CHANGELOG.md")
    .text()
    .catch(() => "");
  if (version === current && entries.includes(`\n## [${version}] - `))
    return { version, files: {} };
  const changelog = releaseChangelog(entries, version, new Date().toISOString().slice(0, 10));
  return { version, files: { "package.json": released, "CHANGELOG.md": changelog } };
}

/**
 * @param files to commit; without any, only tags
 * @throws {ReleaseError} if git fails; then the files are as they were in the last commit
 */
async function commitAndTag(version: string, files: readonly string[]): Promise<void> {
  const refuse = async (command: string, { stderr }: { stderr: Buffer }) => {
    if (files.length > 0) await $`git checkout --quiet HEAD -- ${files}`;
    return new ReleaseError(
      `\`git ${command}\` failed, so nothing was released. Fix the cause, and try again:\n${stderr}`,
    );
  };
  if (files.length > 0) {
    const subject = `chore: release v${version}`;
    const commit = await $`git commit --quiet --message ${subject} -- ${files}`.quiet().nothrow();
    if (commit.exitCode !== 0) throw await refuse("commit", commit);
  }
  const tag = await $`git tag --annotate v${version} --message v${version}`.quiet().nothrow();
  if (tag.exitCode === 0) return;
  if (files.length > 0) await $`git reset --quiet HEAD~1`;
  throw await refuse("tag", tag);
}

/** @throws {ReleaseError} outside a repository, with uncommitted changes, or if the tag exists */
async function refuseGitState(tag: string): Promise<void> {
  const { exitCode, stdout, stderr } = await $`git status --porcelain`.quiet().nothrow();
  if (exitCode !== 0)
    throw new ReleaseError(`git cannot read the state of this folder.\n${stderr}`);
  if (stdout.length > 0) {
    throw new ReleaseError(
      `There are uncommitted changes. Commit or stash them, and try again:\n${stdout}`,
    );
  }
  if ((await $`git tag --list ${tag}`.text()) !== "") {
    throw new ReleaseError(`The tag ${tag} already exists. Choose another version.`);
  }
}
