// Finds orphans, rows that refer to a missing row. SQLite's shell can cause them, because foreign keys are off there.
import type { Database } from "bun:sqlite";
import { type Finding, MigrateError } from "./errors.ts";

export interface Orphan {
  readonly table: string;
  /** Null for a table WITHOUT ROWID. */
  readonly rowid: number | null;
  readonly parent: string;
}

export function readOrphans(database: Database): Orphan[] {
  return database.query<Orphan, []>("PRAGMA foreign_key_check").all();
}

/**
 * @param ignoreRowids compares only the number of orphans per pair of tables.
 * @throws {MigrateError} if there are orphans that are not in `before`.
 */
export function refuseNewOrphans(
  database: Database,
  before: readonly Orphan[],
  { ignoreRowids = false } = {},
): void {
  const key = ({ table, rowid, parent }: Orphan) =>
    JSON.stringify(ignoreRowids ? [table, parent] : [table, rowid, parent]);
  const known = new Map<string, number>();
  for (const orphan of before) known.set(key(orphan), (known.get(key(orphan)) ?? 0) + 1);
  for (const orphan of readOrphans(database)) {
    const count = known.get(key(orphan)) ?? 0;
    if (count === 0) throw new MigrateError("failed", describe(orphan));
    known.set(key(orphan), count - 1);
  }
}

export function orphanFindings(orphans: readonly Orphan[]): Finding[] {
  return orphans.map((orphan) => ({
    code: "orphan",
    subject: orphan.table,
    message: describe(orphan),
  }));
}

function describe({ table, rowid, parent }: Orphan): string {
  return `Row ${rowid ?? "?"} of ${table} refers to a row of ${parent} that does not exist.`;
}
