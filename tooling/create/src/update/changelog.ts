// Finds the entries of a changelog that concern a template, between two versions. Pure.

export interface ChangelogSection {
  readonly version: string;
  /** Entries as Markdown, without the bullet, each on one line. */
  readonly entries: readonly string[];
}

const EVERY_PROJECT =
  /\b(every|all) (starters?|services?|projects?)\b|^(created projects|services)\b/i;

/**
 * The sections after `from`, up to `to`, the newest first. An entry concerns a template if it names it, or every
 * starter.
 */
export function changelogBetween(
  changelog: string,
  template: string,
  from: string,
  to: string,
): readonly ChangelogSection[] {
  return changelog
    .split(/^(?=## \[)/m)
    .map((section) => ({
      version: /^## \[([^\]]+)\]/.exec(section)?.[1] ?? "",
      entries: entriesIn(section).filter(
        (entry) => names(entry, template) || EVERY_PROJECT.test(entry),
      ),
    }))
    .filter(
      ({ version, entries }) =>
        /^\d+\.\d+\.\d+/.test(version) &&
        entries.length > 0 &&
        Bun.semver.order(version, from) > 0 &&
        Bun.semver.order(version, to) <= 0,
    );
}

const names = (entry: string, template: string): boolean =>
  new RegExp(`(?<![\\w-])${template}(?![\\w-])`).test(entry);

function entriesIn(section: string): readonly string[] {
  return section
    .split(/^(?=- |#)/m)
    .filter((block) => block.startsWith("- "))
    .map((block) => block.slice(2).replace(/\s+/g, " ").trim());
}
