// Carries out a plan step by step, and reports how each step ended.
import { asCreateError, CreateError } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";
import type { Variables } from "../subprocess.ts";
import { firstCommit, type Ignored, ignoredFiles, repositoryAround } from "./git.ts";
import { install } from "./install.ts";
import { keepLockfiles } from "./package-manager.ts";
import { isSkipped, type Plan, type Skipped } from "./plan.ts";
import { createDirectory, fillDirectory, type Written } from "./staging.ts";

export const STEPS = ["write", "install", "git"] as const;
export type StepName = (typeof STEPS)[number];

export interface StepResult {
  readonly step: StepName;
  readonly status: "done" | "skipped" | "failed" | "planned";
  readonly ms: number;
  readonly reason?: string;
}

/** The reason of the steps after one that failed. */
export const NOT_REACHED = "not reached";

export interface Outcome {
  readonly plan: Plan;
  readonly steps: readonly StepResult[];
  /** The project's files that git will not commit. */
  readonly ignored: readonly Ignored[];
  readonly error?: CreateError;
}

export interface Tools {
  /** The executable of the running Bun. */
  readonly bun: string;
  readonly variables: Variables;
  /** Aborted by an interrupt: then everything is undone. */
  readonly signal: AbortSignal;
  /** Called when a step begins; the function that it returns is called when the step ends. */
  readonly announce: (step: StepName) => () => void;
}

/** Never rejects: a failure is part of the outcome, together with the steps before it. */
export async function apply(plan: Plan, files: FileMap, tools: Tools): Promise<Outcome> {
  const { variables, signal } = tools;
  const { directory, install: installation, git } = plan;
  const written: Written[] = [];
  const isInWorkspace = !isSkipped(installation) && installation.cwd !== directory;
  const restoreLockfiles = isSkipped(installation)
    ? () => undefined
    : keepLockfiles(installation.cwd);
  const work: Readonly<Record<StepName, Skipped | (() => Promise<unknown>)>> = {
    write: async () => written.push(await write(plan, files, signal)),
    install: isSkipped(installation) ? installation : () => install(installation, tools),
    git: isSkipped(git) ? git : () => firstCommit(directory, variables, signal),
  };
  const steps: StepResult[] = [];
  let error: CreateError | undefined;
  for (const step of STEPS) {
    const task = error ? { skip: NOT_REACHED } : work[step];
    if (isSkipped(task)) {
      steps.push({ step, status: "skipped", ms: 0, reason: task.skip });
      continue;
    }
    const end = tools.announce(step);
    const started = performance.now();
    error = await failure(task);
    const ms = Math.round(performance.now() - started);
    steps.push(
      error ? { step, status: "failed", ms, reason: error.message } : { step, status: "done", ms },
    );
    end();
  }
  if (signal.aborted) {
    const undos = [restoreLockfiles, ...written.map((files) => files.undo)];
    const isInstalling = steps.some(
      ({ step, status }) => step === "install" && status === "failed",
    );
    const ended = (await undoAll(undos, directory)) ?? interrupted(isInstalling && isInWorkspace);
    return { plan, steps: [], ignored: [], error: ended };
  }
  for (const files of written) files.commit();
  const isInRepository = written.length > 0 && repositoryAround(directory) !== undefined;
  const ignored = isInRepository ? await ignoredFiles(directory, plan.files, variables) : [];
  return error ? { plan, steps, ignored, error } : { plan, steps, ignored };
}

/**
 * The error of a run that a signal ended.
 * @param hasLinks an install was interrupted in a workspace, whose root may have links to the new project
 */
export const interrupted = (hasLinks = false): CreateError =>
  new CreateError(
    "interrupted",
    hasLinks
      ? "Interrupted: the project was removed. The workspace may have links to it until its next install."
      : "Interrupted: nothing was left behind.",
  );

/** Tries every one, also after a failure, which is the error that it resolves to. */
async function undoAll(
  undos: readonly (() => void)[],
  directory: string,
): Promise<CreateError | undefined> {
  const failures: (CreateError | undefined)[] = [];
  for (const undo of undos) failures.push(await failure(async () => undo()));
  const failed = failures.find((error) => error !== undefined);
  if (failed === undefined) return undefined;
  const message = `Interrupted, but ${directory} could not be removed or restored: ${failed.message}`;
  return new CreateError("interrupted", message, "Remove what is left of the project by hand.");
}

function write(
  { directory, placement: { mode } }: Plan,
  files: FileMap,
  signal: AbortSignal,
): Promise<Written> {
  return mode.kind === "create"
    ? createDirectory(directory, mode.top, files, signal)
    : fillDirectory(directory, mode.isFree, files, signal);
}

async function failure(task: () => Promise<unknown>): Promise<CreateError | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    return asCreateError(error);
  }
}
