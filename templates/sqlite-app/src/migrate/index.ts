// The operations on migrations, for the service and the `db` command: reads the state, plans the steps, and runs them.
import {
  DB_COMMAND,
  type Finding,
  MigrateError,
  messageWithHint,
  refuseFindings,
} from "./errors.ts";
import { type Folder, isTransactional, readFolder } from "./files.ts";
import { migrationsUpTo, planDown, planUp, type Step } from "./plan.ts";
import { compare, type State } from "./state.ts";
import type { Target } from "./target.ts";

/** A database and the folder with its migrations. */
export interface Migrator {
  readonly target: Target;
  readonly directory: string;
}

export interface Inspection extends State {
  readonly folder: Folder;
}

export interface Outcome {
  readonly done: readonly StepResult[];
  readonly failed: {
    readonly migration: string;
    readonly message: string;
    /** False for a migration outside a transaction. The same command runs it again. */
    readonly rolledBack: boolean;
  } | null;
  readonly notRun: readonly string[];
  /** Path of the safety copy from before the first change. */
  readonly backup: string | null;
}

export interface StepResult {
  readonly migration: string;
  /** `alreadyApplied`: another process was faster. */
  readonly result: "done" | "alreadyApplied";
  readonly ms: number;
}

export async function inspect({ target, directory }: Migrator): Promise<Inspection> {
  const folder = await readFolder(directory, target.engine);
  return { folder, ...compare(folder, await target.readState()) };
}

/** @throws {MigrateError} if a check fails before the first step; a failed migration is part of the outcome. */
export async function migrateUp(migrator: Migrator, to?: string): Promise<Outcome> {
  const state = await inspect(migrator);
  return execute(migrator.target, planUp(state.folder, state, to));
}

/** @throws {MigrateError} if a check fails before the first step; a failed migration is part of the outcome. */
export async function migrateDown(migrator: Migrator, steps: number): Promise<Outcome> {
  const state = await inspect(migrator);
  return execute(migrator.target, planDown(state.folder, state, steps, migrator.target.engine));
}

/** Runs the steps in order. Stops at the first failure: completed steps stay applied. */
async function execute(target: Target, steps: readonly Step[]): Promise<Outcome> {
  const done: StepResult[] = [];
  let failed: Outcome["failed"] = null;
  for (const step of steps) {
    const started = performance.now();
    try {
      const result = await target.apply(step);
      const ms = Math.round(performance.now() - started);
      done.push({ migration: step.migration.name, result, ms });
    } catch (error) {
      const message = messageWithHint(target.explain(error));
      const rolledBack = isTransactional(step.script);
      failed = { migration: step.migration.name, message, rolledBack };
      break;
    }
  }
  const notRun = steps.slice(done.length + (failed ? 1 : 0)).map((step) => step.migration.name);
  return { done, failed, notRun, backup: target.safetyCopy ?? null };
}

/**
 * Records every migration up to `to` as applied, for a database that was created without them.
 * @returns their names, and the objects that now count as created by migrations.
 */
export async function baseline(
  migrator: Migrator,
  to?: string,
): Promise<{ recorded: string[]; own: readonly string[] }> {
  const { folder, ledger, findings, tables } = await inspect(migrator);
  const wrong = findings.filter(({ code }) => code !== "unmanaged");
  if (ledger.length > 0 || wrong.length > 0) {
    const reason = wrong[0]?.message ?? "Migrations are already recorded.";
    throw new MigrateError("refused", `Can't baseline the database. ${reason}`, {
      findings: wrong,
    });
  }
  if (tables === 0) {
    throw new MigrateError("refused", "Can't baseline the database. It has no tables.", {
      hint: `${findings.length > 0 ? "Drop the table schema_migrations of the other tool first. " : ""}Create them with \`${DB_COMMAND} up\`.`,
    });
  }
  const chosen = migrationsUpTo(folder, to);
  const own = await migrator.target.baseline(chosen);
  return { recorded: chosen.map(({ name }) => name), own };
}

/**
 * Accepts applied files that were changed or renamed later. Never records a migration that did not run: if both the name
 * and the content of a file differ, it is a conflict, which `renumber` resolves.
 * @returns the names of the repaired migrations, and the remaining findings.
 * @throws {MigrateError} if the folder has findings, such as two files with the same number.
 */
export async function repair(
  migrator: Migrator,
): Promise<{ repaired: string[]; findings: readonly Finding[] }> {
  const { folder, findings } = await inspect(migrator);
  refuseFindings(folder.findings);
  const changed = findings.filter(({ code }) => code === "changed").map(({ subject }) => subject);
  const versions = new Set(changed.map((name) => Number.parseInt(name, 10)));
  const accepted = folder.migrations.filter(({ version }) => versions.has(version));
  if (accepted.length > 0) await migrator.target.repair(accepted);
  return { repaired: changed, findings: findings.filter(({ code }) => code !== "changed") };
}
