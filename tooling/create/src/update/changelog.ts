// Finds the entries of a changelog that concern a template, between two versions. Pure.

export interface ChangelogSection {
  readonly version: string;
  /** `Added`, `Changed`, `Fixed` and so on; undefined for entries without such a heading. */
  readonly kind: string | undefined;
  /** Entries as Markdown, without the bullet, each on one line. */
  readonly entries: readonly string[];
}

export interface Concerned {
  readonly template: string;
  readonly isService: boolean;
}

const EVERY_PROJECT = /\b(every|all) (starters?|projects?)\b|^created projects\b/i;
const EVERY_SERVICE = /\b(every|all) services?\b|^services\b/i;

/**
 * The sections after `from`, up to `to`, the newest first. An entry concerns a template if it names it, every starter or, if
 * the template is a service, every service.
 */
export function changelogBetween(
  changelog: string,
  { template, isService }: Concerned,
  from: string,
  to: string,
): readonly ChangelogSection[] {
  const concerns = (entry: string) =>
    names(entry, template) || EVERY_PROJECT.test(entry) || (isService && EVERY_SERVICE.test(entry));
  return changelog.split(/^(?=## \[)/m).flatMap((release) => {
    const version = /^## \[([^\]]+)\]/.exec(release)?.[1] ?? "";
    const isBetween =
      /^\d+\.\d+\.\d+/.test(version) &&
      Bun.semver.order(version, from) > 0 &&
      Bun.semver.order(version, to) <= 0;
    if (!isBetween) return [];
    return release
      .split(/^(?=### )/m)
      .map((section) => ({
        version,
        kind: /^### (.+)/.exec(section)?.[1],
        entries: entriesIn(section).filter(concerns),
      }))
      .filter(({ entries }) => entries.length > 0);
  });
}

const names = (entry: string, template: string): boolean =>
  new RegExp(`(?<![\\w-])${template}(?![\\w-])`).test(entry);

function entriesIn(section: string): readonly string[] {
  return section
    .split(/^(?=- |#)/m)
    .filter((block) => block.startsWith("- "))
    .map((block) => block.slice(2).replace(/\s+/g, " ").trim());
}
