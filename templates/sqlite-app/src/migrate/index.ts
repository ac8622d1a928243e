// The operations on migrations, for the service and the `db` command.
import { DB_COMMAND, type Finding, MigrateError, refuseFindings } from "./errors.ts";
import { execute, type Outcome } from "./execute.ts";
import { type Folder, readFolder } from "./files.ts";
import { migrationsUpTo, planDown, planUp } from "./plan.ts";
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

/**
 * Records every migration up to `to` as applied, for a database that was created without them.
 * @returns their names.
 */
export async function baseline(migrator: Migrator, to?: string): Promise<string[]> {
  const { folder, applied, findings, tables } = await inspect(migrator);
  const wrong = findings.filter(({ code }) => code !== "unmanaged");
  if (applied.length > 0 || wrong.length > 0) {
    const reason = wrong[0]?.message ?? "Migrations are already recorded.";
    throw new MigrateError("refused", `Can't baseline the database. ${reason}`, {
      findings: wrong,
    });
  }
  if (tables === 0) {
    throw new MigrateError("refused", "Can't baseline the database. It has no tables.", {
      hint: `Create them with \`${DB_COMMAND} up\`.`,
    });
  }
  const chosen = migrationsUpTo(folder, to);
  await migrator.target.baseline(chosen);
  return chosen.map(({ name }) => name);
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
