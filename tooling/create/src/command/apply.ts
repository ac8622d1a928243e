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
  const restoreLockfiles = isSkipped(installation) ? undefined : keepLockfiles(installation.cwd);
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
    for (const files of written) files.undo();
    restoreLockfiles?.();
    return { plan, steps: [], ignored: [], error: interrupted() };
  }
  for (const files of written) files.commit();
  const isInRepository = written.length > 0 && repositoryAround(directory) !== undefined;
  const ignored = isInRepository ? await ignoredFiles(directory, plan.files, variables) : [];
  return error ? { plan, steps, ignored, error } : { plan, steps, ignored };
}

/** The error of a run that a signal ended. */
export const interrupted = (): CreateError =>
  new CreateError("interrupted", "Interrupted: nothing was left behind.");

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
