// Compares the files with the ledger of the database: what is applied, what is pending, and what is wrong.
import type { Finding } from "./errors.ts";
import type { Folder, Migration } from "./files.ts";

/** A row of the table `schema_migrations`. */
export interface LedgerRow {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  /** ISO 8601, UTC. */
  readonly applied_at: string;
  readonly duration_ms: number;
  /** `baseline`: recorded as applied, but not run. */
  readonly origin: "up" | "baseline";
}

/** The state of a database that matters to migrations. */
export interface DatabaseState {
  readonly ledger: readonly LedgerRow[];
  /** Number of tables besides the ledger. */
  readonly tables: number;
  /** Whether the database is marked as another application's. */
  readonly foreign: boolean;
}

export interface State {
  readonly applied: readonly LedgerRow[];
  readonly pending: readonly Migration[];
  readonly findings: readonly Finding[];
}

export function compare(folder: Folder, state: DatabaseState): State {
  const applied = state.ledger.toSorted((a, b) => a.version - b.version);
  const recorded = new Set(applied.map(({ version }) => version));
  const pending = folder.migrations.filter(({ version }) => !recorded.has(version));
  const newest = folder.migrations.at(-1)?.version ?? 0;
  const last = applied.at(-1);
  return {
    applied,
    pending,
    findings: [
      ...ownership(state),
      ...folder.findings,
      ...applied.flatMap((row) => checkApplied(row, fileOf(row, folder), newest)),
      ...pending.flatMap((migration) => checkPending(migration, last)),
    ],
  };
}

function ownership({ ledger, tables, foreign }: DatabaseState): Finding[] {
  if (foreign) {
    const message = "The database belongs to another application (its application_id is not ours).";
    return [{ code: "foreign", subject: "database", message }];
  }
  if (ledger.length > 0 || tables === 0) return [];
  const message =
    "The database has tables, but no migration is recorded. If they are the tables of the migrations, run `bun run db baseline`.";
  return [{ code: "unmanaged", subject: "database", message }];
}

/** The file of an applied migration. Of two files with its number, the one with its name. */
function fileOf({ version, name }: LedgerRow, { migrations }: Folder): Migration | undefined {
  const numbered = migrations.filter((migration) => migration.version === version);
  return numbered.find((migration) => migration.name === name) ?? numbered[0];
}

function checkApplied(row: LedgerRow, file: Migration | undefined, newest: number): Finding[] {
  const { name } = row;
  if (file === undefined && row.version > newest) {
    const message = `${name} is applied, but has no file: the database is newer than this code. Deploy the code that has it.`;
    return [{ code: "newer", subject: name, message }];
  }
  if (file === undefined) {
    const message = `${name} is applied, but its file is missing. Restore it from version control.`;
    return [{ code: "missing", subject: name, message }];
  }
  if (file.name === name && file.checksum === row.checksum) return [];
  const what = file.name === name ? "changed" : `renamed to ${file.name}`;
  const message = `${name} was ${what} after it was applied. Revert that and write a new migration, or accept it with \`bun run db repair\`.`;
  return [{ code: "changed", subject: name, message }];
}

function checkPending({ name, version }: Migration, last: LedgerRow | undefined): Finding[] {
  if (last === undefined || version > last.version) return [];
  const message = `${name} is not applied, but ${last.name} after it is. Give it the next number.`;
  return [{ code: "out-of-order", subject: name, message }];
}
