// Finds orphans, rows that refer to a missing row. SQLite's shell can cause them, because foreign keys are off there.
import type { Database } from "bun:sqlite";
import { DB_COMMAND, type Finding, MigrateError } from "./errors.ts";

export interface Orphan {
  readonly table: string;
  /** Null for a table WITHOUT ROWID. */
  readonly rowid: number | null;
  readonly parent: string;
  /** SQLite's error if it cannot check the table, because a foreign key refers to columns that are not unique. */
  readonly error?: string;
}

/** Reads table by table, because the check of the whole database ends at the first table that SQLite cannot check. */
export function readOrphans(database: Database): Orphan[] {
  const tables = database
    .query<{ name: string }, []>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'",
    )
    .all();
  const check = database.query<Orphan, [string]>(
    'SELECT "table", rowid, parent FROM pragma_foreign_key_check(?)',
  );
  return tables.flatMap(({ name }): Orphan[] => {
    try {
      return check.all(name);
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : "";
      if (!error.startsWith("foreign key mismatch")) throw cause;
      return [{ table: name, rowid: null, parent: "", error }];
    }
  });
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
  const key = ({ table, rowid, parent, error }: Orphan) =>
    JSON.stringify([table, ignoreRowids || rowid, parent, error]);
  const hint =
    before.length > 0
      ? `The database had such problems before. \`${DB_COMMAND} validate\` lists them: correct them before a migration renames or rebuilds their tables.`
      : undefined;
  const known = new Map<string, number>();
  for (const orphan of before) known.set(key(orphan), (known.get(key(orphan)) ?? 0) + 1);
  for (const orphan of readOrphans(database)) {
    const count = known.get(key(orphan)) ?? 0;
    if (count === 0) throw new MigrateError("failed", describe(orphan), { hint });
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

function describe({ table, rowid, parent, error }: Orphan): string {
  if (error)
    return `The foreign keys of ${table} can't be checked: ${error}, whose columns are not unique.`;
  return `Row ${rowid ?? "?"} of ${table} refers to a row of ${parent} that does not exist.`;
}
