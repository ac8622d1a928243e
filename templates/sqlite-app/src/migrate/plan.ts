// Decides which migrations run, and in which order. Pure functions.
import { MigrateError, refuseFindings } from "./errors.ts";
import type { Folder, Migration } from "./files.ts";
import type { DatabaseState, State } from "./state.ts";

export interface Step {
  readonly direction: "up" | "down";
  readonly migration: Migration;
  readonly sql: string;
}

/**
 * Every pending migration up to version `to`, oldest first.
 * @throws {MigrateError} `refused` if there are findings; `usage` if there is no such version.
 */
export function planUp(folder: Folder, state: State, to?: number): Step[] {
  refuseFindings(state.findings);
  const newest = state.applied.at(-1);
  if (to !== undefined) {
    if (!folder.migrations.some(({ version }) => version === to)) {
      throw new MigrateError("usage", `There is no migration ${to}.`);
    }
    if (newest !== undefined && to < newest.version) {
      throw new MigrateError(
        "usage",
        `${newest.name} is already applied, which is later than ${to}.`,
        {
          hint: "Revert migrations with `bun run db down --steps <n>`.",
        },
      );
    }
  }
  return state.pending
    .filter(({ version }) => to === undefined || version <= to)
    .map((migration) => ({ direction: "up", migration, sql: migration.up }));
}

/**
 * The last `steps` applied migrations, newest first; all of them if there are fewer.
 * @throws {MigrateError} `refused` if there are findings, or if one of them has no down file.
 */
export function planDown(folder: Folder, state: State, steps: number): Step[] {
  refuseFindings(state.findings);
  const versions = new Set(state.applied.slice(-steps).map(({ version }) => version));
  return folder.migrations
    .filter(({ version }) => versions.has(version))
    .toReversed()
    .map((migration): Step => {
      if (migration.down === undefined) {
        throw new MigrateError(
          "refused",
          `${migration.name} has no down file. Nothing was changed.`,
          {
            hint: "Write the file, or restore a backup that was taken before the migration.",
          },
        );
      }
      return { direction: "down", migration, sql: migration.down };
    });
}

/**
 * Whether another process has already applied the step. Call it inside the transaction, so that it stays true.
 * @throws {MigrateError} if another process has migrated the database to a state that the plan does not expect.
 */
export function isAlreadyApplied(
  { direction, migration }: Step,
  { ledger }: DatabaseState,
): boolean {
  const row = ledger.find(({ version }) => version === migration.version);
  const newest = ledger.at(-1)?.version ?? 0;
  if (direction === "up" && row?.checksum === migration.checksum) return true;
  if (direction === "down" && row === undefined) return true;
  if (newest === (direction === "up" ? migration.version - 1 : migration.version)) return false;
  throw new MigrateError(
    "failed",
    "Another process migrated the database to another version at the same time.",
  );
}
