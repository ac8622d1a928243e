// Decides which migrations run, and in which order. All functions are pure.
import { DB_COMMAND, MigrateError, refuseFindings } from "./errors.ts";
import type { Folder, Migration, Script } from "./files.ts";
import { type Engine, statements } from "./sql.ts";
import { type DatabaseState, type State, unfinishedDirection } from "./state.ts";

export interface Step {
  readonly direction: "up" | "down";
  readonly migration: Migration;
  readonly script: Script;
}

/**
 * Returns the migrations up to `to`, which is a number such as `3` or `0003`, or a name such as `0003_name`.
 * @throws {MigrateError} `usage` if there is no such migration.
 */
export function migrationsUpTo(
  { migrations }: Folder,
  to: string | undefined,
): readonly Migration[] {
  if (to === undefined) return migrations;
  const version = /^\d+$/.test(to) ? Number(to) : undefined;
  const index = migrations.findIndex((one) => one.name === to || one.version === version);
  if (index < 0) throw new MigrateError("usage", `There is no migration ${to}.`);
  return migrations.slice(0, index + 1);
}

/**
 * Returns a step for every pending migration up to `to`, oldest first.
 * @throws {MigrateError} `refused` if there are findings; `usage` if there is no migration `to`.
 */
export function planUp(folder: Folder, state: State, to?: string): Step[] {
  refuseFindings(state.findings);
  const chosen = migrationsUpTo(folder, to);
  const newest = state.ledger.at(-1);
  if (to !== undefined && newest && newest.version > (chosen.at(-1)?.version ?? 0)) {
    const message = `${newest.name}, which is later than ${to}, is already applied.`;
    throw new MigrateError("usage", message, {
      hint: `Revert migrations with \`${DB_COMMAND} down --steps <n>\`.`,
    });
  }
  return state.pending
    .filter((migration) => chosen.includes(migration))
    .map((migration) => ({ direction: "up", migration, script: migration.up }));
}

/**
 * Returns the steps that revert the last `steps` applied migrations, newest first; all of them if there are fewer.
 * @throws {MigrateError} `refused` if there are findings, or if a migration to revert has no down file or one without
 * statements.
 */
export function planDown(folder: Folder, state: State, steps: number, engine: Engine): Step[] {
  refuseFindings(state.findings.filter(({ code }) => code !== "reverting"));
  return state.ledger
    .slice(-steps)
    .toReversed()
    .map(({ name, version }): Step => {
      const migration = folder.migrations.find((one) => one.version === version);
      if (migration === undefined) {
        throw new MigrateError("refused", `${name} has no file. Nothing was changed.`, {
          hint: "Run `down` with the release that has it.",
        });
      }
      const isBlank = ({ sql }: Script) => statements(sql, engine).length === 0;
      const { up, down } = migration;
      // An up file without SQL needs no SQL that reverts it.
      if (down && (!isBlank(down) || isBlank(up))) {
        return { direction: "down", migration, script: down };
      }
      const reason = down ? "a down file without a statement" : "no down file";
      throw new MigrateError("refused", `${name} has ${reason}. Nothing was changed.`, {
        hint: "Write the SQL that reverts it, or restore a backup that was taken before the migration.",
      });
    });
}

/**
 * Returns whether another process has already run the step. Call it inside the transaction, so that it stays true.
 * @throws {MigrateError} if another process has migrated the database to a state that the plan does not expect.
 */
export function hasStepRun({ direction, migration }: Step, { ledger }: DatabaseState): boolean {
  const newest = ledger.at(-1);
  const row = ledger.find(({ version }) => version === migration.version);
  if (direction === "down") {
    if (row === undefined) return true;
    if (row === newest) return false;
  } else {
    if (row?.finished && row.checksum === migration.checksum) return true;
    const isNext = (newest?.version ?? 0) === migration.version - 1;
    const isRetry = row !== undefined && row === newest && unfinishedDirection(row) === "up";
    if (isNext || isRetry) return false;
  }
  throw new MigrateError(
    "failed",
    "Another process migrated the database to another version at the same time.",
  );
}
