// What is said about a run: one JSON object for programs, a few lines for people. Pure.

import type { CreateError } from "../errors.ts";
import type { Template } from "../sources/templates.ts";
import { NOT_REACHED, type Outcome, STEPS, type StepResult } from "./apply.ts";
import { installCommand } from "./install.ts";
import { isSkipped, type Plan } from "./plan.ts";
import type { Style } from "./style.ts";

/** The outcome of a dry run. */
export function planned(plan: Plan): Outcome {
  const steps = STEPS.map((step): StepResult => {
    const todo = { write: plan.place, install: plan.install, git: plan.git }[step];
    const reason = isSkipped(todo) ? { reason: `would be skipped: ${todo.skip}` } : {};
    return { step, status: "planned", ms: 0, ...reason };
  });
  return { plan, steps };
}

export function outcomeJson({ plan, steps, error }: Outcome): object {
  const { directory, name, template, version, next } = plan;
  const written = steps.some(({ step, status }) => step === "write" && status !== "failed");
  const files = written ? plan.files : [];
  const named = steps.map((result) => withReplaced(result, plan));
  const json = { ok: true, directory, name, template, version, files, steps: named, next };
  return error ? { ...json, ok: false, next: [], error: errorJson(error) } : json;
}

/** Files that were overwritten are named. */
function withReplaced(result: StepResult, { replaced }: Plan): StepResult {
  return result.step === "write" && result.status !== "failed" && replaced.length > 0
    ? { ...result, reason: `replaced: ${replaced.join(", ")}` }
    : result;
}

/** The same object for a run that ended before there was a plan. */
export function refusalJson(error: CreateError, version: string): object {
  const unknown = { directory: null, name: null, template: null };
  const nothing = { files: [], steps: [], next: [] };
  return { ok: false, ...unknown, version, ...nothing, error: errorJson(error) };
}

/** Which version speaks, and how to get the newest: said without asking the network. */
export const bannerText = (version: string, style: Style): string =>
  style.dim(`create-bunyard ${version} (the newest: bun create bunyard@latest)`);

const errorJson = ({ code, message, hint }: CreateError) => ({ code, message, hint: hint ?? null });

export function errorText({ message, hint }: CreateError, style: Style): string {
  return `${style.red("✖")} ${message}${hint === undefined ? "" : `\n  ${style.dim(hint)}`}`;
}

/** What was done and how to go on; empty if nothing was. The error is told by `errorText`. */
export function outcomeText({ plan, steps, error }: Outcome, style: Style): string {
  const done = steps
    .filter(({ status, reason }) => status !== "failed" && reason !== NOT_REACHED)
    .map((result) => stepLine(result, plan, style));
  const replaced = plan.replaced.map((path) => `  ${style.yellow("replaced")} ${path}`);
  const next = plan.next.map((command) => `  ${style.bold(command)}`);
  const lines = error ? done : [...done, ...replaced, "", ...next, ""];
  return lines.join("\n");
}

/** What a dry run would do, file by file. */
export function plannedText({ plan }: Outcome, style: Style): string {
  const files = plan.files.map((path) =>
    plan.replaced.includes(path)
      ? `  ${style.yellow("replace")} ${path}`
      : `  ${style.green("create")}  ${path}`,
  );
  return [
    `Would create ${style.bold(plan.name)} from ${plan.template} in ${plan.directory}:`,
    ...files,
    isSkipped(plan.install)
      ? style.dim(`No install: ${plan.install.skip}`)
      : `Would run ${installCommand(plan.install)} in ${plan.install.cwd}`,
    isSkipped(plan.git)
      ? style.dim(`No first commit: ${plan.git.skip}`)
      : "Would make a first commit",
  ].join("\n");
}

function stepLine({ step, status, ms, reason }: StepResult, plan: Plan, style: Style): string {
  const done = {
    write: `Created ${plan.name} from ${plan.template}, ${plan.files.length} files`,
    install: "Installed the dependencies",
    git: "Made a git repository with a first commit",
  };
  const left = { write: "Not created", install: "Not installed", git: "No first commit" };
  return status === "done"
    ? `${style.green("✔")} ${done[step]} ${style.dim(`${ms} ms`)}`
    : style.dim(`– ${left[step]}: ${reason}`);
}

/** A line for each starter. */
export function listText(templates: readonly Template[], style: Style): string {
  const width = Math.max(...templates.map(({ name }) => name.length));
  return templates
    .map(({ name, description }) => `${style.bold(name.padEnd(width))}  ${description}`)
    .join("\n");
}
