// Compares the files with the ledger of the database, and returns what is applied, what is pending, and all problems.
import { DB_COMMAND, type Finding, MigrateError } from "./errors.ts";
import type { Folder, Migration } from "./files.ts";

/** A row of the table `schema_migrations`. */
export interface LedgerRow {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  /** ISO 8601, UTC. */
  readonly applied_at: string;
  /** Milliseconds that the migration took; `REVERTING` while a down file outside a transaction is unfinished. */
  readonly duration_ms: number;
  /** `baseline`: recorded as applied, but not run. */
  readonly origin: "up" | "baseline";
  /** Whether older releases may start on the schema. */
  readonly compatible: boolean;
  /** False while a migration outside a transaction runs, and after it failed or was interrupted. */
  readonly finished: boolean;
}

/** The `duration_ms` that marks a row as started by `down`. A column for it would change the ledgers that exist. */
export const REVERTING = -1;

/** Returns the direction of a migration that has started and not finished; undefined for a finished one. */
export function unfinishedDirection({
  finished,
  duration_ms,
}: LedgerRow): "up" | "down" | undefined {
  if (finished) return undefined;
  return duration_ms === REVERTING ? "down" : "up";
}

/** The state of a database that matters to migrations. */
export interface DatabaseState {
  /** Ordered by version. */
  readonly ledger: readonly LedgerRow[];
  /** Number of tables besides the ledger. */
  readonly tables: number;
  /** Why the database belongs to another application or tool; undefined if it does not. */
  readonly otherOwner: OtherOwner | undefined;
}

export type OtherOwner =
  | { readonly kind: "application" }
  /** A table `schema_migrations` of another tool. */
  | { readonly kind: "tool"; readonly name: string };

export interface State extends Pick<DatabaseState, "ledger" | "tables"> {
  /** Not started, or not finished. One that is not finished also has a row in the ledger. */
  readonly pending: readonly Migration[];
  readonly findings: readonly Finding[];
}

export function compare(folder: Folder, state: DatabaseState): State {
  const { ledger, tables } = state;
  const finished = ledger.filter((row) => row.finished);
  const finishedVersions = new Set(finished.map(({ version }) => version));
  const pending = folder.migrations.filter(({ version }) => !finishedVersions.has(version));
  return {
    ledger,
    pending,
    tables,
    findings: [
      ...ownership(state),
      ...folder.findings,
      ...ledger.flatMap((row) => checkApplied(row, folder, ledger)),
      ...pending.flatMap((migration) => checkPending(migration, finished.at(-1))),
      ...ledger.flatMap(checkReverting),
    ],
  };
}

/**
 * Returns why a backup with this state cannot be restored; undefined if it can. A partly reverted migration is accepted,
 * because `down` finishes it after the restore.
 */
export function findProblem(state: DatabaseState, known: readonly Migration[]): string | undefined {
  const { findings } = compare({ migrations: known, findings: [] }, state);
  return findings.find(({ code }) => code !== "reverting")?.message;
}

function ownership({ ledger, tables, otherOwner }: DatabaseState): Finding[] {
  if (otherOwner?.kind === "application") {
    const message = "The database belongs to another application (its application_id is not ours).";
    return [{ code: "other-application", subject: "database", message }];
  }
  if (otherOwner?.kind === "tool") {
    const message = `The table schema_migrations belongs to ${otherOwner.name}. If the database has the tables of the migrations, \`${DB_COMMAND} baseline\` renames that table and records them.`;
    return [{ code: "unmanaged", subject: "database", message }];
  }
  if (ledger.length > 0 || tables === 0) return [];
  const message = `The database has tables, but no migration is recorded. If they are the tables of the migrations, run \`${DB_COMMAND} baseline\`.`;
  return [{ code: "unmanaged", subject: "database", message }];
}

/** Returns the file of an applied migration. If two files have its number, returns the one with its name. */
function fileOf({ version, name }: LedgerRow, { migrations }: Folder): Migration | undefined {
  const numbered = migrations.filter((migration) => migration.version === version);
  return numbered.find((migration) => migration.name === name) ?? numbered[0];
}

function checkApplied(row: LedgerRow, folder: Folder, ledger: readonly LedgerRow[]): Finding[] {
  const { name } = row;
  const file = fileOf(row, folder);
  const newest = folder.migrations.at(-1)?.version ?? 0;
  if (file === undefined && row.version > newest) {
    const newer = ledger.filter(({ version }) => version > newest);
    if (newer.every(({ compatible, finished }) => compatible && finished)) return [];
    const message = `${name} is applied, but has no file: the database is newer than this code. Deploy the code that has it.`;
    return [{ code: "newer", subject: name, message }];
  }
  if (file === undefined) {
    const message = `${name} is applied, but its file is missing. Restore it from version control.`;
    return [{ code: "missing", subject: name, message }];
  }
  if (!row.finished) return []; // The file may be corrected before it runs again.
  const isSameName = file.name === name;
  const isSameText = file.checksum === row.checksum;
  if (isSameName && isSameText) return [];
  if (isSameText) return [changed(name, `renamed to ${file.name}`)];
  if (isSameName && !wasRenamed(row, folder, ledger)) return [changed(name, "changed")];
  const message = `${name} is applied, but the file ${file.name} is another migration that has not run. \`${DB_COMMAND} renumber\` gives it the next number.`;
  return [{ code: "conflict", subject: file.name, message }];
}

function changed(name: string, what: string): Finding {
  const message = `${name} was ${what} after it was applied. Revert that and write a new migration, or accept it with \`${DB_COMMAND} repair\`.`;
  return { code: "changed", subject: name, message };
}

/**
 * Returns whether the migration of `row` was renamed: its text is in a file that the ledger does not name. This happens if two
 * branches used the same number and name, and the merge renamed the one that has run. The file with its old name has not run.
 */
function wasRenamed(row: LedgerRow, { migrations }: Folder, ledger: readonly LedgerRow[]) {
  const names = new Set(ledger.map(({ name }) => name));
  return migrations.some(({ name, checksum }) => checksum === row.checksum && !names.has(name));
}

function checkPending({ name, version }: Migration, last: LedgerRow | undefined): Finding[] {
  if (last === undefined || version > last.version) return [];
  const message = `${name} is not applied, but the later ${last.name} is. \`${DB_COMMAND} renumber\` gives it the next number.`;
  return [{ code: "out-of-order", subject: name, message }];
}

/** `down` ignores this finding, because it finishes what was interrupted. */
function checkReverting(row: LedgerRow): Finding[] {
  if (unfinishedDirection(row) !== "down") return [];
  const message = `${row.name} is partly reverted: its down file did not finish. Run \`${DB_COMMAND} down\` again.`;
  return [{ code: "reverting", subject: row.name, message }];
}

const COLUMNS = "applied_at,checksum,compatible,duration_ms,finished,name,origin,version";

/** Returns the tool whose table `schema_migrations` has these columns; undefined if it is ours or does not exist. */
export function ledgerOwner(columns: readonly string[]): OtherOwner | undefined {
  const sorted = columns.toSorted().join(",");
  if (sorted === "" || sorted === COLUMNS) return undefined;
  const known: Record<string, string> = {
    "dirty,version": "golang-migrate",
    "inserted_at,version": "Ecto",
    version: "dbmate or Rails",
  };
  const name = known[sorted] ?? `another tool (${columns.join(", ")})`;
  return { kind: "tool", name };
}

/** @throws {MigrateError} if a file has changed or dropped the ledger, which would lose what is applied. */
export function refuseLedgerChange(file: string, before: DatabaseState, after: DatabaseState) {
  if (JSON.stringify(after.ledger) === JSON.stringify(before.ledger)) return;
  throw new MigrateError("failed", `${file}: a migration may not change schema_migrations.`);
}

/** The name that `baseline` gives to the ledger of another tool. */
export const ADOPTED_LEDGER = "schema_migrations_of_previous_tool";
