// Renders how check, update and adopt ended, for users and for programs. Pure.
import { RUN } from "../command/definition.ts";
import type { Style } from "../command/style.ts";
import { CreateError } from "../errors.ts";
import type { Stamp } from "../flatten/manifest.ts";
import { shortened } from "../shortened.ts";
import type { Likeness } from "./adopt.ts";
import type { ChangelogSection } from "./changelog.ts";
import type { Labels } from "./merge-text.ts";
import type { Change, ChangeKind } from "./plan.ts";

export type Summary = {
  readonly from: Stamp;
  readonly to: Stamp;
  readonly changes: readonly Change[];
  readonly changelog: readonly ChangelogSection[];
};

export interface State {
  /** Nothing was done yet: a dry run. */
  readonly isPlanned: boolean;
  readonly steps: readonly { readonly step: string; readonly status: string }[];
  readonly warnings: readonly string[];
  readonly next: readonly string[];
}

/** Longest line, also on a wider terminal. */
const MAX_WIDTH = 100;

export const labelsOf = (from: Stamp, to: Stamp): Labels => ({
  base: `${from.template} ${from.version}`,
  theirs: `${to.template} ${to.version}`,
});

export const conflictsIn = (changes: readonly Change[]): readonly Change[] =>
  changes.filter(({ kind }) => isConflict(kind));

const isConflict = (kind: ChangeKind): boolean =>
  kind === "conflict" || kind === "beside" || kind === "blocked";

export const changesJson = (changes: readonly Change[]): readonly object[] =>
  changes.map(({ isYours, ...change }) => ({ ...change, changedByYou: isYours }));

export function updateJson(
  directory: string,
  { from, to, changes, changelog }: Summary,
  { isPlanned, steps, next }: State,
): object {
  return {
    ok: true,
    directory,
    template: to.template,
    from: from.version,
    to: to.version,
    without: to.without,
    isPlanned,
    changes: changesJson(changes),
    conflicts: conflictsIn(changes).map(({ path }) => path),
    changelog,
    steps,
    next,
  };
}

/** Names the files with conflicts, and how to resolve them. */
export function conflictError(conflicts: readonly Change[]): CreateError {
  const names = shortened(conflicts.map(({ path }) => path));
  const start = conflicts.length === 1 ? "1 file has" : `${conflicts.length} files have`;
  const has = (wanted: ChangeKind) => conflicts.some(({ kind }) => kind === wanted);
  const remedies = [
    ...(has("conflict") ? ["Edit the files with <<<<<<< marks."] : []),
    ...(has("beside") ? ["Merge each .new file into yours, and delete it."] : []),
    ...(has("blocked") ? ['Under "Not written", each file has its reason.'] : []),
  ];
  return new CreateError("conflicts", `${start} a conflict: ${names}`, remedies.join(" "));
}

/** The kinds in the order of what a user has to look at. The first three are conflicts. */
const GROUPS: readonly (readonly [kind: ChangeKind, done: string, planned: string])[] = [
  ["conflict", "Conflicts, marked in the file", "Would conflict"],
  ["beside", "Not merged, the starter's file is beside yours", "Could not be merged"],
  ["blocked", "Not written, because of a parent", "Could not be written"],
  [
    "kept",
    "Kept, although the starter removed it",
    "Would be kept, although the starter removed it",
  ],
  ["deleted", "Stays deleted, although the starter changed it", "Would stay deleted"],
  ["merged", "Merged with your changes", "Would be merged with your changes"],
  ["renamed", "Renamed", "Would be renamed"],
  ["updated", "Updated", "Would be updated"],
  ["added", "Added", "Would be added"],
  ["removed", "Removed", "Would be removed"],
];

export function updateText(
  summary: Summary,
  { isPlanned, steps, warnings, next }: State,
  style: Style,
  columns: number | undefined,
): string {
  const { from, to, changes, changelog } = summary;
  const page = new Page(columns);
  if (changes.length === 0) {
    page.prose(`${style.green("✔")} ${nameOf(to)} is up to date.`);
    return page.text;
  }
  groups(page, changes, isPlanned, style);
  entries(page, changelog, style);
  page.gap();
  const result = `${transition(from, to)}: ${counts(changes)}.`;
  page.prose(
    isPlanned
      ? `${result} Nothing was changed, because of --dry-run.`
      : `${style.green("✔")} ${result}`,
  );
  if (steps.some(({ step, status }) => step === "install" && status === "done")) {
    page.prose(`${style.green("✔")} Installed the dependencies.`);
  }
  for (const warning of warnings) page.prose(`${style.yellow("!")} ${warning}`);
  if (next.length === 0) return page.text;
  page.gap();
  const hasConflicts = conflictsIn(changes).length > 0;
  page.line(hasConflicts ? "After you have resolved the conflicts:" : "Next:");
  page.commands(next, style);
  page.gap();
  return page.text;
}

export function checkText(
  {
    from,
    to,
    changes,
    changelog,
    isUpToDate,
    commands,
  }: Summary & { readonly isUpToDate: boolean; readonly commands: readonly string[] },
  style: Style,
  columns: number | undefined,
): string {
  const page = new Page(columns);
  if (isUpToDate) {
    const since = from.version === to.version ? "" : " The starter has not changed since then.";
    page.prose(`${style.green("✔")} ${nameOf(from)} is up to date.${since}`);
    return page.text;
  }
  groups(page, changes, true, style);
  entries(page, changelog, style);
  page.gap();
  page.prose(`${transition(from, to)} is available: ${counts(changes)}.`);
  page.gap();
  page.commands(commands, style);
  return page.text;
}

export function adoptText(
  { template, version, without }: Stamp,
  { same, changed, missing }: Likeness,
  enter: readonly string[],
  style: Style,
  columns: number | undefined,
): string {
  const page = new Page(columns);
  const features = without.length === 0 ? "" : ` without ${without.join(", ")}`;
  page.prose(`${style.green("✔")} Recorded ${template} ${version}${features} in package.json.`);
  page.prose(
    `Of the starter's files, ${same} are unchanged, ${changed} differ, ${missing} are missing.`,
  );
  page.gap();
  page.commands(
    [...enter, "git commit -m 'Record the starter' package.json", `${RUN} update`],
    style,
  );
  return page.text;
}

function groups(page: Page, changes: readonly Change[], isPlanned: boolean, style: Style): void {
  for (const [kind, done, planned] of GROUPS) {
    const group = changes.filter((change) => change.kind === kind);
    if (group.length === 0) continue;
    const title = `${isPlanned ? planned : done} (${group.length})`;
    page.gap();
    page.prose(isConflict(kind) ? style.red(`✖ ${title}`) : style.bold(title));
    for (const { path, from, notes } of group) {
      page.line(from === undefined ? `  ${path}` : `  ${from} → ${path}`);
      for (const note of notes) page.indented(note, "    ", style.dim);
    }
  }
}

function entries(page: Page, changelog: readonly ChangelogSection[], style: Style): void {
  for (const { version, kind = "New", entries } of changelog) {
    page.gap();
    page.line(style.bold(`${kind} in ${version}`));
    for (const entry of entries) page.indented(`– ${entry}`, "  ", String, "    ");
  }
}

const nameOf = ({ template, version }: Stamp): string => `${template} ${version}`;

function transition(from: Stamp, to: Stamp): string {
  const features =
    to.without.length === 0 ? "with all features" : `without ${to.without.join(", ")}`;
  if (from.version === to.version) return `${nameOf(to)} ${features}`;
  const versions = `${from.template} ${from.version} → ${to.version}`;
  // The list may be longer than what the user left out: a feature is left out with the one that it requires.
  return Bun.deepEquals(from.without, to.without) ? versions : `${versions} ${features}`;
}

/** `2 conflicts, 5 files`. */
function counts(changes: readonly Change[]): string {
  const conflicts = conflictsIn(changes).length;
  const number = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const files = number(changes.length, "file");
  return conflicts === 0 ? files : `${files}, ${number(conflicts, "conflict")}`;
}

/** Collects lines, and wraps prose to the width of the terminal. Paths and commands are never broken. */
class Page {
  readonly #lines: string[] = [];
  readonly #width: number;

  constructor(columns: number | undefined) {
    this.#width = Math.min(columns ?? MAX_WIDTH, MAX_WIDTH);
  }

  line(text: string): void {
    this.#lines.push(text);
  }

  commands(commands: readonly string[], style: Style): void {
    for (const command of commands) this.line(`  ${style.bold(command)}`);
  }

  /** @param hanging indent of the lines after the first */
  indented(text: string, indent: string, style: (text: string) => string, hanging = indent): void {
    const width = Math.max(20, this.#width - hanging.length);
    const [first = "", ...rest] = Bun.wrapAnsi(text, width).split("\n");
    this.line(indent + style(first));
    for (const line of rest) this.line(hanging + style(line));
  }

  prose(text: string): void {
    this.indented(text, "", (line) => line);
  }

  /** Separates two parts. */
  gap(): void {
    if (this.#lines.length > 0) this.line("");
  }

  get text(): string {
    return this.#lines.join("\n");
  }
}
