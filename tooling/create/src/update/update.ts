// `update`: merges what the template changed into the project, or finishes or undoes an earlier run.
import type { ProjectOptions } from "../command/args.ts";
import { RUN } from "../command/definition.ts";
import type { Environment } from "../command/environment.ts";
import { commitCommand, ignoredFiles } from "../command/git.ts";
import { type Install, install, installFor } from "../command/install.ts";
import { bunCommand } from "../command/next-steps.ts";
import { errorJson, ignoredText } from "../command/report.ts";
import { shellQuoted } from "../command/shell.ts";
import { findWorkspace } from "../command/workspace.ts";
import { asCreateError, CreateError } from "../errors.ts";
import { compareVersions, planUpdate } from "./comparison.ts";
import { abort, finish, swapFiles } from "./journal.ts";
import { enterProject, projectDirectory, readProject } from "./record.ts";
import { conflictError, conflictsIn, type Summary, updateJson, updateText } from "./report.ts";
import { requireClean } from "./repository.ts";
import type { Call, Outcome } from "./run.ts";
import { refuseUnfinished, requireUnfinished } from "./unfinished.ts";

type Options = ProjectOptions<"update">;

export async function update(options: Options, call: Call): Promise<Outcome> {
  const { has } = options;
  const directory = projectDirectory(call.environment, options.value("project"));
  if (!has("continue") && !has("abort")) return merge(directory, options, call);
  const others = ["to", "with", "without", "dry-run"] as const;
  const extra = has("continue") && has("abort") ? "abort" : others.find(has);
  if (extra !== undefined) {
    const flag = has("continue") ? "--continue" : "--abort";
    throw new CreateError("usage", `${flag} cannot be combined with --${extra}.`);
  }
  const state = requireUnfinished(directory);
  if (has("abort") && state === "done") {
    throw new CreateError(
      "unfinished",
      "The update cannot be undone: it had replaced every file when it was interrupted.",
      `Run: ${RUN} update --continue\n  Then undo the update with git.`,
    );
  }
  if (has("abort")) return undo(directory);
  if (state === "staging") {
    abort(directory);
    const message = "No file had been replaced, so the update was discarded.";
    throw new CreateError("unfinished", message, `Run: ${RUN} update`);
  }
  if (state === "abort") {
    const hint = `Run: ${RUN} update --abort`;
    throw new CreateError("unfinished", "An abort was interrupted.", hint);
  }
  const summary = finish(directory) as Summary;
  return installAndReport(directory, summary, options, call.environment);
}

function undo(directory: string): Outcome {
  abort(directory);
  const text = () => "The files are as they were before the update.";
  return { json: { ok: true, directory }, text, exitCode: 0 };
}

async function merge(
  directory: string,
  options: Options,
  { source, environment }: Call,
): Promise<Outcome> {
  const { value, list, has } = options;
  const { variables, signal } = environment;
  refuseUnfinished(directory);
  const project = readProject(directory);
  const request = { to: value("to"), add: list("with") ?? [], remove: list("without") ?? [] };
  const repository = await requireClean(directory, variables);
  const versions = await compareVersions(project, request, source, environment);
  const { changes, writes, own } = await planUpdate(directory, versions, repository, variables);
  if (own("package.json").kind === "link") {
    const message = "package.json is a link, so an update could not record the new version in it.";
    throw new CreateError("refused", message, "Replace it with the file that it points to.");
  }
  const { from, to, changelog } = versions;
  const summary: Summary = { from, to, changes, changelog };
  if (has("dry-run") || writes.size === 0) {
    const isDone = writes.size === 0;
    const state = { isPlanned: !isDone, steps: [], warnings: [], next: [] };
    return {
      json: updateJson(directory, summary, state),
      text: (style, columns) => updateText(summary, state, style, columns),
      exitCode: 0,
    };
  }
  swapFiles(directory, writes, summary, own, signal);
  return installAndReport(directory, summary, options, environment);
}

async function installAndReport(
  directory: string,
  summary: Summary,
  { value, has }: Options,
  environment: Environment,
): Promise<Outcome> {
  const { variables } = environment;
  const isInstallSkipped = has("no-install");
  const conflicts = conflictsIn(summary.changes);
  const bun = bunCommand(variables);
  const task = installFor(directory, findWorkspace(directory), bun);
  const added = summary.changes
    .filter(({ kind }) => kind === "added" || kind === "renamed")
    .map(({ path }) => path);
  const warnings = (await ignoredFiles(directory, added, variables)).map(ignoredText);
  const reason = warnings.length === 0 ? {} : { reason: warnings.join("; ") };
  const steps: { step: string; status: string; reason?: string }[] = [
    { step: "write", status: "done", ...reason },
  ];
  let error: CreateError | undefined;
  if (isInstallSkipped) steps.push({ step: "install", status: "skipped", reason: "--no-install" });
  else {
    error = await tryInstall(task, environment);
    const failed = { step: "install", status: "failed", reason: error?.message ?? "" };
    steps.push(error === undefined ? { step: "install", status: "done" } : failed);
  }
  if (error === undefined && conflicts.length > 0) error = conflictError(conflicts);
  const next = [
    ...enterProject(environment, value("project")),
    ...(isInstallSkipped ? [task.command] : []),
    "git diff",
    `${bun} run check`,
    `${bun} test`,
    await commitCommand(directory, `Update to Bunyard ${summary.to.version}`, variables),
  ];
  const state = { isPlanned: false, steps, warnings, next };
  const json = updateJson(directory, summary, state);
  return {
    json: error ? { ...json, ok: false, error: errorJson(error) } : json,
    text: (style, columns) => updateText(summary, state, style, columns),
    exitCode: error?.exitCode ?? 0,
    ...(error ? { error } : {}),
  };
}

async function tryInstall(
  task: Install,
  environment: Environment,
): Promise<CreateError | undefined> {
  const end = environment.spin("Installing the dependencies");
  try {
    await install(task, environment, "The files were updated");
    return undefined;
  } catch (thrown) {
    if (!environment.signal.aborted) return asCreateError(thrown);
    const message = "Interrupted: the files were updated, but the dependencies were not installed.";
    return new CreateError(
      "interrupted",
      message,
      `Run: cd ${shellQuoted(task.cwd)} && ${task.command}`,
    );
  } finally {
    end();
  }
}
