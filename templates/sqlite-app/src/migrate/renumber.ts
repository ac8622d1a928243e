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
  const files = assignFiles(applied, migrations);
  const ran = new Set(files.values());
  const chosen = migrations.find(({ name }) => name === last);
  if (last !== undefined && (chosen === undefined || ran.has(chosen))) {
    const reason = chosen ? "is applied, so it keeps its number" : "does not exist";
    throw new MigrateError("usage", `${last} ${reason}. Nothing was changed.`);
  }
  const others = migrations.filter((migration) => !ran.has(migration) && migration !== chosen);
  const newest = Math.max(0, ...applied.map(({ version }) => version));
  const names = [
    ...[...files].map(([row, file]) => ({ from: file.name, to: row.name })),
    ...[...others, ...(chosen ? [chosen] : [])].map(({ name }, index) => ({
      from: name,
      to: `${formatVersion(newest + index + 1)}_${withoutNumber(name)}`,
    })),
  ];
  return names.filter(({ from, to }) => from !== to);
}

/** How a file is recognized as that of an applied migration, the most certain way first. */
const RULES: readonly ((row: LedgerRow, file: Migration) => boolean)[] = [
  (row, file) => row.checksum === file.checksum && row.name === file.name,
  (row, file) =>
    row.checksum === file.checksum && withoutNumber(row.name) === withoutNumber(file.name),
  (row, file) => row.checksum === file.checksum,
  (row, file) => row.name === file.name,
];

/** Finds the files of applied migrations. No file belongs to two of them. */
function assignFiles(applied: readonly LedgerRow[], migrations: readonly Migration[]) {
  const files = new Map<LedgerRow, Migration>();
  const unassigned = new Set(migrations);
  for (const matches of RULES) {
    for (const row of applied) {
      const file = files.has(row)
        ? undefined
        : unassigned.values().find((one) => matches(row, one));
      if (file === undefined) continue;
      files.set(row, file);
      unassigned.delete(file);
    }
  }
  return files;
}

const withoutNumber = (name: string) => name.replace(/^\d+_/, "");

/**
 * Renames the files in each folder. Uses temporary names first, because one file may get the old name of another.
 * @throws {MigrateError} `refused` if another migration has the new name. Then nothing is renamed.
 */
export function renameFiles(directories: readonly string[], renamings: readonly Renaming[]): void {
  const moves = directories
    .flatMap((folder) =>
      renamings.map((one) => ({ from: join(folder, one.from), to: join(folder, one.to) })),
    )
    .filter(({ from }) => endsOf(from).length > 0);
  const moved = new Set(moves.map(({ from }) => from));
  for (const { to } of moves) {
    const [end] = moved.has(to) ? [] : endsOf(to);
    if (end) throw new MigrateError("refused", `${to}${end} already exists. Nothing was changed.`);
  }
  const files = moves.flatMap(({ from, to }) =>
    endsOf(from).map((end) => ({ from: from + end, to: to + end })),
  );
  for (const { from } of files) renameSync(from, `${from}.renumber`);
  for (const { from, to } of files) renameSync(`${from}.renumber`, to);
}

const endsOf = (path: string) => [".up.sql", ".down.sql"].filter((end) => existsSync(path + end));
