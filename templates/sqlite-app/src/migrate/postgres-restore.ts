// Restores a backup into PostgreSQL: replaces the application's own objects in one transaction.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeConnection } from "../postgres-url.ts";
import { MigrateError } from "./errors.ts";
import type { Migration } from "./files.ts";
import type { SqlRunner } from "./postgres-ledger.ts";
import { listDependents, readOwnership } from "./postgres-objects.ts";
import { type ProgramContext, quoteName, runProgram } from "./postgres-programs.ts";
import { findProblem, type LedgerRow } from "./state.ts";

/** Entries of the schema itself in a dump. They are not restored, so that the schema keeps its owner and its grants. */
const SCHEMA_ENTRY = /^\d+; \d+ \d+ (?:(?:ACL|COMMENT) - )?(?:SCHEMA|DEFAULT ACL) .*$/gm;

export interface RestoreScript {
  /** SQL that runs first in the transaction. */
  readonly before: string;
  /** SQL that runs last, and ends the transaction. */
  readonly end: string;
}

/**
 * Restores everything in a dump except the schema itself, in one transaction.
 * @returns what psql printed.
 * @throws {MigrateError} if it fails or is stopped, which rolls the transaction back. But the server completes a COMMIT.
 */
export async function runRestore(
  context: ProgramContext,
  file: string,
  { before, end }: RestoreScript,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "restore-")); // Only readable by this user, because it will contain the rows.
  const path = (name: string) => join(folder, name);
  try {
    const entries = await runProgram(context, "pg_restore", "--list", file);
    writeFileSync(path("list"), entries.replaceAll(SCHEMA_ENTRY, ""));
    const output = [`--use-list=${path("list")}`, `--file=${path("script.sql")}`];
    await runProgram(context, "pg_restore", ...output, file);
    writeFileSync(path("before.sql"), `BEGIN; ${before}`);
    writeFileSync(path("end.sql"), end);
    const options = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"];
    const files = ["before.sql", "script.sql", "end.sql"].map((name) => `--file=${path(name)}`);
    return await runProgram(context, "psql", ...options, "--set=ON_ERROR_STOP=1", ...files);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Identifies the server, the database, the schema and the role that a connection reaches. */
const IDENTITY = `
  SELECT concat_ws(' ', system_identifier, d.oid, quote_ident(current_schema()), quote_ident(current_user)) AS identity
  FROM pg_control_system(), pg_database AS d WHERE datname = current_database()`;

export const LEDGER_TABLES = ["schema_migrations", "schema_migrations_objects"];

/** The service closes idle connections, so its sessions are only seen under load. */
const OTHER_SESSIONS = `
  SELECT count(*)::int AS sessions FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`;

/**
 * Checks the backup, and that psql reaches the same database as `sql`. Changes nothing.
 * @param sql a transaction that holds the lock of the migrations.
 * @returns the question for the operator, and the script that replaces the objects of the migrations.
 * @throws {MigrateError} if a check fails.
 */
export async function planRestore(
  sql: SqlRunner,
  context: ProgramContext,
  file: string,
  known: readonly Migration[],
): Promise<{ readonly question: string; readonly script: RestoreScript }> {
  const refuse = (reason: string): never => {
    throw new MigrateError("refused", `Can't restore ${file}; nothing was changed: ${reason}`);
  };
  const ledger = await readLedger(context, file).catch((error: Error) => {
    context.stop.throwIfAborted();
    return refuse(error.message);
  });
  if (ledger.length === 0) {
    refuse("it records no migration, so it is not a backup of this application.");
  }
  const problem = findProblem({ ledger, tables: 1, otherOwner: undefined }, known);
  if (problem !== undefined) refuse(problem);
  const entries = await runProgram(context, "pg_restore", "--list", file);
  const [, backedUp] = /^\d+; \d+ \d+ TABLE (.+) schema_migrations /m.exec(entries) ?? [];
  const [{ identity }] = await sql.unsafe(IDENTITY);
  const options = ["--no-psqlrc", "--no-align", "--tuples-only", `--command=${IDENTITY}`];
  const identityOfPsql = (await runProgram(context, "psql", ...options)).trim();
  if (identity !== identityOfPsql) refuse("psql reaches another database than the service.");
  const [{ schema }] = await sql.unsafe("SELECT current_schema() AS schema");
  if (schema !== backedUp) refuse(`it is a backup of the schema ${backedUp}, not of ${schema}.`);
  // Reading the ledger locks it until the end of this transaction, and psql could not drop it. The rollback unlocks it.
  await sql.unsafe("SAVEPOINT before_reading");
  const { own } = await readOwnership(sql, "accepted");
  await sql.unsafe("ROLLBACK TO SAVEPOINT before_reading");
  const [dependent] = await listDependents(sql, own);
  if (dependent) {
    refuse(
      `${dependent} depends on a table that is replaced. Drop it first, and create it again afterwards.`,
    );
  }
  const lost = own
    .filter(({ kind, name }) => kind === "TABLE" && !entries.includes(` TABLE ${schema} ${name} `))
    .map(({ identity }) => ` The backup does not contain the table ${identity}, which is deleted.`);
  const what = `what the migrations created in the schema ${schema} of ${describeConnection(context.connection)}`;
  const [{ sessions }] = await sql.unsafe(OTHER_SESSIONS);
  const question = `Stop the service first (other sessions in the database: ${sessions}). This replaces ${what} and keeps no copy of it.${lost.join("")}`;
  const drops = [
    ...own.map(({ kind, identity }) => `DROP ${kind} IF EXISTS ${identity} CASCADE;`),
    // Qualified: otherwise, an empty schema would be skipped for a later one of the search_path.
    ...LEDGER_TABLES.map((table) => `DROP TABLE IF EXISTS ${quoteName(schema)}.${table};`),
  ];
  return { question, script: { before: drops.join("\n"), end: END } };
}

/**
 * A script of pg_restore empties the search_path of the session. A pooler gives the session to the service next, which
 * would not find its tables.
 */
const END = "RESET ALL; COMMIT;";

/** The oid of the ledger, which a restore creates again. Unlike a cast to `regclass`, it is never read from a cache. */
const LEDGER_OID = `
  SELECT max(oid) AS oid FROM pg_class
  WHERE relname = 'schema_migrations' AND relnamespace = to_regnamespace(quote_ident(current_schema()))`;

/**
 * Runs the script of `planRestore`.
 * @throws {MigrateError} if it fails or is stopped. Nothing is changed then, unless psql is killed or loses its connection
 * while the server commits.
 */
export async function replaceObjects(
  sql: SqlRunner,
  context: ProgramContext,
  file: string,
  script: RestoreScript,
): Promise<void> {
  const [old] = await sql.unsafe(LEDGER_OID);
  try {
    await runRestore(context, file, script);
  } catch (error) {
    // psql also fails if it is stopped while the server commits.
    const [current] = await sql.unsafe(LEDGER_OID);
    if (current.oid === old.oid) throw error;
  }
}

/** The ledger in a backup: `COPY … (columns) FROM stdin;`, then one line per row, then `\.`. */
async function readLedger(context: ProgramContext, file: string): Promise<LedgerRow[]> {
  const table = ["--data-only", "--table=schema_migrations", "--file=-"];
  const text = await runProgram(context, "pg_restore", ...table, file);
  const [, columns = "", rows = ""] =
    /^COPY .*\((.*)\) FROM stdin;\n([\s\S]*?)^\\\.$/m.exec(text) ?? [];
  const names = columns.split(", ");
  const ledger: LedgerRow[] = rows
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => Object.fromEntries(row.split("\t").map((value, i) => [names[i] ?? "", value])))
    .map(({ version, name = "", checksum = "", applied_at = "", compatible, finished }) => ({
      version: Number(version),
      name,
      checksum,
      applied_at,
      duration_ms: 0,
      origin: "up",
      compatible: compatible === "t",
      finished: finished !== "f",
    }));
  return ledger.sort((a, b) => a.version - b.version); // A dump has the rows in no particular order.
}
