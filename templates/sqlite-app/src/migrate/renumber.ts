// Renumbers migrations that have not run, so that they follow the applied ones: two branches may have used one number.
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { MigrateError } from "./errors.ts";
import { type Folder, formatVersion, type Migration } from "./files.ts";
import type { LedgerRow } from "./state.ts";

/** Names of a migration before and after, without the extension. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/**
 * Applied migrations get their names from the ledger; the others follow in their current order.
 * @param last the migration that gets the highest number; a name such as `0008_tags`.
 * @throws {MigrateError} `usage` if there is no such migration, or if it is applied.
 */
export function planRenumbering(
  { migrations }: Pick<Folder, "migrations">,
  applied: readonly LedgerRow[],
  last: string | undefined,
): Renaming[] {
  const files = new Map(applied.map((row) => [row, fileOf(row, migrations)]));
  const ran = new Set(files.values());
  const chosen = migrations.find(({ name }) => name === last);
  if (last !== undefined && (chosen === undefined || ran.has(chosen))) {
    const reason = chosen ? "is applied, so it keeps its number" : "does not exist";
    throw new MigrateError("usage", `${last} ${reason}. Nothing was changed.`);
  }
  const others = migrations.filter((migration) => !ran.has(migration) && migration !== chosen);
  const newest = Math.max(0, ...applied.map(({ version }) => version));
  const names = [
    ...[...files].map(([row, file]) => ({ from: file?.name, to: row.name })),
    ...[...others, ...(chosen ? [chosen] : [])].map(({ name }, index) => ({
      from: name,
      to: `${formatVersion(newest + index + 1)}_${withoutNumber(name)}`,
    })),
  ];
  return names.flatMap(({ from, to }) => (from === undefined || from === to ? [] : [{ from, to }]));
}

/** Returns the file of an applied migration: the one with its content, otherwise the one with its name. */
function fileOf(
  { name, checksum }: LedgerRow,
  migrations: readonly Migration[],
): Migration | undefined {
  const same = migrations.filter((migration) => migration.checksum === checksum);
  return (
    same.find((migration) => migration.name === name) ??
    same.find((migration) => withoutNumber(migration.name) === withoutNumber(name)) ??
    same[0] ??
    migrations.find((migration) => migration.name === name)
  );
}

const withoutNumber = (name: string) => name.replace(/^\d+_/, "");

/** Renames the files in each folder. Uses temporary names first, because one file may get the old name of another. */
export function renameFiles(directories: readonly string[], renamings: readonly Renaming[]): void {
  const moves = directories.flatMap((directory) =>
    renamings.flatMap(({ from, to }) =>
      ["up", "down"]
        .map((direction) => `.${direction}.sql`)
        .filter((end) => existsSync(join(directory, from + end)))
        .map((end) => ({ from: join(directory, from + end), to: join(directory, to + end) })),
    ),
  );
  for (const { from } of moves) renameSync(from, `${from}.renumber`);
  for (const { from, to } of moves) renameSync(`${from}.renumber`, to);
}
