// The next version, by Semantic Versioning 2.0.0. Pure.
import { ReleaseError } from "./errors.ts";

/**
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
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[\da-z.-]+)?$/.test(version)) {
    throw new ReleaseError("usage", `${request} is not patch, minor, major or a version.`);
  }
  if (Bun.semver.order(version, current) <= 0) {
    throw new ReleaseError(
      "usage",
      `${version} is not higher than the current version ${current}.`,
    );
  }
  return version;
}
