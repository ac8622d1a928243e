// Runs the steps of a plan one after the other, and says what was done, what failed and what did not run.
import type { Step } from "./plan.ts";
import type { Target } from "./target.ts";

export interface Outcome {
  readonly done: readonly Done[];
  readonly failed: { readonly migration: string; readonly message: string } | null;
  readonly notRun: readonly string[];
  /** The backup that was taken before the first change. */
  readonly backup: string | null;
}

export interface Done {
  readonly migration: string;
  /** `already`: another process ran it meanwhile. */
  readonly result: "done" | "already";
  readonly ms: number;
}

/** Stops at the first failure: what was done stays, the failed migration left no trace. */
export async function execute(target: Target, steps: readonly Step[]): Promise<Outcome> {
  const done: Done[] = [];
  let failed: Outcome["failed"] = null;
  for (const step of steps) {
    const started = performance.now();
    try {
      const result = await target.apply(step);
      const ms = Math.round(performance.now() - started);
      done.push({ migration: step.migration.name, result, ms });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failed = { migration: step.migration.name, message };
      break;
    }
  }
  const notRun = steps.slice(done.length + (failed ? 1 : 0)).map((step) => step.migration.name);
  return { done, failed, notRun, backup: target.safetyBackup ?? null };
}
