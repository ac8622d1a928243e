// The changelog of a release, in the form of Keep a Changelog 1.1.0. Pure.
import { ReleaseError } from "./errors.ts";

export interface ReleasedChangelog {
  readonly text: string;
  /** The entries of this version. */
  readonly notes: string;
}

/**
 * Moves the entries under `[Unreleased]` to a section for the version.
 * @param date `YYYY-MM-DD`
 * @throws {ReleaseError} `refused` if there is nothing to release
 */
export function releaseChangelog(text: string, version: string, date: string): ReleasedChangelog {
  const [head = "", after] = text.split(/(?<=^## \[Unreleased\]\n)/m);
  if (after === undefined)
    throw new ReleaseError("refused", "CHANGELOG.md has no section [Unreleased].");
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
