// Renders the outcome of a run: one JSON object for programs, a few lines for users. Pure.
import type { CreateError } from "../errors.ts";
import { shortened } from "../shortened.ts";
import type { Template } from "../sources/templates.ts";
import { NOT_REACHED, type Outcome, STEPS, type StepResult } from "./apply.ts";
import type { Ignored } from "./git.ts";
import { isSkipped, type Plan } from "./plan.ts";
import type { Style } from "./style.ts";

/** The outcome of a dry run. */
export function planned(plan: Plan): Outcome {
  const steps = STEPS.map((step): StepResult => {
    const task = { write: plan.placement, install: plan.install, git: plan.git }[step];
    const reason = isSkipped(task) ? { reason: `would be skipped: ${task.skip}` } : {};
    return { step, status: "planned", ms: 0, ...reason };
  });
  return { plan, steps, ignored: [] };
}

export function outcomeJson({ plan, steps, ignored, error }: Outcome): object {
  const { directory, name, template, version, without, next } = plan;
  const json = {
    ok: true,
    directory,
    name,
    template,
    version,
    without,
    files: isWritten(steps) ? plan.files : [],
    steps: steps.map((result) => withNotes(result, plan, ignored)),
    next: next.forPrograms,
  };
  return error ? { ...json, ok: false, next: [], error: errorJson(error) } : json;
}

const isWritten = (steps: readonly StepResult[]): boolean =>
  steps.some(({ step, status }) => step === "write" && status !== "failed");

/** Puts what a user would read in the report into the reason of the step. */
function withNotes(
  result: StepResult,
  { notes, placement: { replaced } }: Plan,
  ignored: readonly Ignored[],
): StepResult {
  if (result.status === "failed" || result.reason === NOT_REACHED) return result;
  const added = {
    write: [...(replaced.length > 0 ? [`replaced: ${replaced.join(", ")}`] : []), ...notes],
    install: [],
    git: ignored.map(ignoredText),
  }[result.step];
  const reasons = [...(result.reason === undefined ? [] : [result.reason]), ...added];
  return reasons.length === 0 ? result : { ...result, reason: reasons.join("; ") };
}

/** The same object for a run that ended before there was a plan. */
export function refusalJson(error: CreateError, version: string): object {
  const unknown = { directory: null, name: null, template: null };
  const nothing = { without: [], files: [], steps: [], next: [] };
  return { ok: false, ...unknown, version, ...nothing, error: errorJson(error) };
}

/** Names the running version, and how to get the newest one, without a request to the network. */
export const bannerText = (version: string, style: Style): string =>
  style.dim(`create-bunyard ${version} (the newest: bun create bunyard@latest)`);

export const errorJson = ({ code, message, hint }: CreateError) => ({
  code,
  message,
  hint: hint ?? null,
});

export function errorText({ message, hint }: CreateError, style: Style): string {
  return `${style.red("✖")} ${message}${hint === undefined ? "" : `\n  ${style.dim(hint)}`}`;
}

/** Describes what was done and how to continue; empty if nothing was done. `errorText` renders the error. */
export function outcomeText({ plan, steps, ignored, error }: Outcome, style: Style): string {
  const done = steps
    .filter(({ status, reason }) => status !== "failed" && reason !== NOT_REACHED)
    .map((result) => stepLine(result, plan, style));
  // Without a file there is nothing to say about the files.
  if (!isWritten(steps)) return done.join("\n");
  const replaced = plan.placement.replaced.map((path) => `  ${style.yellow("replaced")} ${path}`);
  const notes = plan.notes.map((note) => style.dim(`– ${note}`));
  const warnings = ignored.map((rule) => `${style.yellow("!")} ${ignoredText(rule)}`);
  const next = error ? [] : ["", ...plan.next.forUsers.map((line) => `  ${style.bold(line)}`), ""];
  return [...done, ...replaced, ...notes, ...warnings, ...next].join("\n");
}

export const ignoredText = ({ rule, pattern, files }: Ignored): string =>
  `Git ignores ${shortened(files, 3)}, because of "${pattern}" in ${rule}. Remove that rule, or run git add --force.`;

/** Describes a dry run, file by file. */
export function plannedText({ plan }: Outcome, style: Style): string {
  const files = plan.files.map((path) =>
    plan.placement.replaced.includes(path)
      ? `  ${style.yellow("replace")} ${path}`
      : `  ${style.green("create")}  ${path}`,
  );
  return [
    `Would create ${style.bold(plan.name)} from ${plan.template}${withoutText(plan)} in ${plan.directory}:`,
    ...files,
    ...plan.notes.map((note) => style.dim(note)),
    isSkipped(plan.install)
      ? style.dim(`No install: ${plan.install.skip}`)
      : `Would run ${plan.install.command} in ${plan.install.cwd}`,
    isSkipped(plan.git)
      ? style.dim(`No first commit: ${plan.git.skip}`)
      : "Would make a first commit",
  ].join("\n");
}

const withoutText = ({ without }: Plan): string =>
  without.length === 0 ? "" : ` without ${without.join(", ")}`;

function stepLine({ step, status, ms, reason }: StepResult, plan: Plan, style: Style): string {
  const { name, template, files } = plan;
  const done = {
    write: `Created ${name} from ${template}${withoutText(plan)}, ${files.length} files`,
    install: "Installed the dependencies",
    git: "Created a git repository with a first commit",
  };
  const skipped = { write: "Not created", install: "Not installed", git: "No first commit" };
  return status === "done"
    ? `${style.green("✔")} ${done[step]} ${style.dim(`${ms} ms`)}`
    : style.dim(`– ${skipped[step]}: ${reason}`);
}

/** A line for each starter, and below it the features that can be left out. */
export function listText(templates: readonly Template[], style: Style): string {
  const width = Math.max(...templates.map(({ name }) => name.length));
  return templates
    .flatMap(({ name, description, features }) => [
      `${style.bold(name.padEnd(width))}  ${description}`,
      ...(features.length === 0
        ? []
        : [style.dim(`${"".padEnd(width)}  features: ${features.map(nameOf).join(", ")}`)]),
    ])
    .join("\n");
}

const nameOf = ({ name }: { readonly name: string }): string => name;
