// Carries out a plan, step by step, and tells how each step ended.
import { asCreateError, CreateError } from "../errors.ts";
import type { FileMap } from "../flatten/file-map.ts";
import type { Environment } from "../subprocess.ts";
import { firstCommit } from "./git.ts";
import { install } from "./install.ts";
import { type Placed, placeInto, placeNew } from "./place.ts";
import { isSkipped, type Plan, type Skipped } from "./plan.ts";

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
  readonly error?: CreateError;
}

export interface Tools {
  /** The executable of the running Bun. */
  readonly bun: string;
  readonly env: Environment;
  /** Aborted by an interrupt: then everything is taken back. */
  readonly signal: AbortSignal;
  /** Told which step begins; what it returns is called when the step is over. */
  readonly announce: (step: StepName) => () => void;
}

/** Never rejects: a failure is part of the outcome, with the steps that came before it. */
export async function apply(plan: Plan, files: FileMap, tools: Tools): Promise<Outcome> {
  const { env, signal } = tools;
  const undoable: Placed[] = [];
  const work: Readonly<Record<StepName, Skipped | (() => Promise<unknown>)>> = {
    write: async () => undoable.push(await place(plan, files, signal)),
    install: isSkipped(plan.install) ? plan.install : install.bind(undefined, plan.install, tools),
    git: isSkipped(plan.git) ? plan.git : firstCommit.bind(undefined, plan.directory, env, signal),
  };
  const steps: StepResult[] = [];
  let error: CreateError | undefined;
  for (const step of STEPS) {
    const todo = error ? { skip: NOT_REACHED } : work[step];
    if (isSkipped(todo)) {
      steps.push({ step, status: "skipped", ms: 0, reason: todo.skip });
      continue;
    }
    const over = tools.announce(step);
    const started = performance.now();
    error = await failure(todo);
    const ms = Math.round(performance.now() - started);
    steps.push(
      error ? { step, status: "failed", ms, reason: error.message } : { step, status: "done", ms },
    );
    over();
  }
  if (signal.aborted) {
    for (const placed of undoable) placed.undo();
    return { plan, steps: [], error: interrupted() };
  }
  for (const placed of undoable) placed.settle();
  return error ? { plan, steps, error } : { plan, steps };
}

/** The error of a run that a signal has ended. */
export const interrupted = (): CreateError =>
  new CreateError("interrupted", "Interrupted: nothing is left behind.");

function place({ directory, place }: Plan, files: FileMap, signal: AbortSignal): Promise<Placed> {
  return place.new
    ? placeNew(directory, place.top, files, signal)
    : placeInto(directory, place.free, files, signal);
}

async function failure(work: () => Promise<unknown>): Promise<CreateError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return asCreateError(error);
  }
}
