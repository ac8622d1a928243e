// Runs the steps of a plan in order, and reports which were done, which failed and which did not run.
import type { Step } from "./plan.ts";
import { isTransactional } from "./script.ts";
import type { Target } from "./target.ts";

export interface Outcome {
  readonly done: readonly StepResult[];
  readonly failed: {
    readonly migration: string;
    readonly message: string;
    /** False for a migration outside a transaction. The same command runs it again. */
    readonly rolledBack: boolean;
  } | null;
  readonly notRun: readonly string[];
  /** Path of the backup that was taken before the first change. */
  readonly backup: string | null;
}

export interface StepResult {
  readonly migration: string;
  /** `alreadyApplied`: another process was faster. */
  readonly result: "done" | "alreadyApplied";
  readonly ms: number;
}

/** Stops at the first failure: completed steps stay applied. */
export async function execute(target: Target, steps: readonly Step[]): Promise<Outcome> {
  const done: StepResult[] = [];
  let failed: Outcome["failed"] = null;
  for (const step of steps) {
    const started = performance.now();
    try {
      const result = await target.apply(step);
      const ms = Math.round(performance.now() - started);
      done.push({ migration: step.migration.name, result, ms });
    } catch (error) {
      const explained = target.explain(error);
      const message = explained instanceof Error ? explained.message : String(explained);
      const rolledBack = isTransactional(step.script);
      failed = { migration: step.migration.name, message, rolledBack };
      break;
    }
  }
  const notRun = steps.slice(done.length + (failed ? 1 : 0)).map((step) => step.migration.name);
  return { done, failed, notRun, backup: target.safetyBackup ?? null };
}
