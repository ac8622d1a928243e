// Verifies a dump of PostgreSQL: restores it into a scratch database or schema, and compares the content.
import { SQL } from "bun";
import type { ConnectionSettings } from "../postgres-url.ts";
import { openConnection } from "../store/postgres.ts";
import { MigrateError } from "./errors.ts";
import { runRestore } from "./postgres-restore.ts";

/** SQLSTATE. */
const INSUFFICIENT_PRIVILEGE = "42501";

/** The expected content of a backup. */
export interface Content {
  /** Reads the ledger and the number of rows of each table, as one text. */
  readonly query: string;
  readonly expected: string;
}

/**
 * Restores the dump into a scratch database or, without the right to create one, into a scratch schema, and compares
 * the content.
 * @returns undefined if it was verified; otherwise the reason why this role can create neither.
 * @throws {MigrateError} if the dump cannot be restored, or its content differs.
 */
export async function verifyDump(
  sql: SQL,
  connection: ConnectionSettings,
  file: string,
  { query, expected }: Content,
): Promise<string | undefined> {
  const restore = async (target: ConnectionSettings, preparation: string) => {
    try {
      const script = { before: preparation, end: `${query}; ROLLBACK;` };
      const printed = await runRestore(target, file, script);
      if (printed.trimEnd().split("\n").at(-1) === expected) return;
      throw new MigrateError("failed", "its rows differ from those of the database.");
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `The backup could not be restored, and was deleted: ${reason}`;
      throw new MigrateError("failed", message, { cause });
    }
  };
  const database = `verify_backup_${crypto.randomUUID().replaceAll("-", "")}`;
  try {
    const scratch = await createDatabase(sql, { ...connection, database });
    if (scratch) await restore(scratch, await schemaAndExtensions(sql));
    if (scratch) return undefined;
  } finally {
    await sql.unsafe(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  }
  const preparation = await schemaInstead(sql);
  const refusal = await refusalOf(sql, preparation);
  if (refusal === undefined) await restore(connection, preparation);
  return refusal;
}

/** @returns the connection, or undefined if this role cannot create or reach another database. */
async function createDatabase(
  sql: SQL,
  connection: ConnectionSettings,
): Promise<ConnectionSettings | undefined> {
  try {
    const [row] = await sql.unsafe(
      `SELECT format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype) AS options
       FROM pg_database WHERE datname = current_database()`,
    );
    await sql.unsafe(`CREATE DATABASE ${connection.database} TEMPLATE template0 ${row.options}`);
  } catch (cause) {
    if (!(cause instanceof SQL.PostgresError)) throw cause;
    if (cause.errno === INSUFFICIENT_PRIVILEGE) return undefined;
    const message = `The backup could not be verified, and was deleted: ${cause.message}`;
    throw new MigrateError("failed", message, { cause });
  }
  try {
    await using copy = openConnection(connection);
    await copy.unsafe("SELECT 1");
    return connection;
  } catch (error) {
    if (error instanceof SQL.PostgresError) return undefined; // Refused, e.g. by pg_hba.conf or a pooler.
    throw error;
  }
}

/** SQL that creates the schema and the extensions, which are not part of the dump. */
function schemaAndExtensions(sql: SQL): Promise<string> {
  return readStatements(
    sql,
    `SELECT format('CREATE SCHEMA IF NOT EXISTS %I', current_schema()) AS statement
     UNION ALL
     SELECT format('CREATE SCHEMA IF NOT EXISTS %I', nspname)
     FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace WHERE nspname !~ '^pg_'
     UNION ALL
     SELECT format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I CASCADE', extname, nspname)
     FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace WHERE extname <> 'plpgsql'`,
  );
}

/**
 * SQL that replaces the current schema with an empty one, because a dump names its schema. The transaction is rolled
 * back, so that other sessions never see the change. It locks no table.
 */
function schemaInstead(sql: SQL): Promise<string> {
  return readStatements(
    sql,
    `SELECT format('ALTER SCHEMA %I RENAME TO %I', name, 'verify_backup') AS statement FROM current_schema() AS name
     UNION ALL
     SELECT format('CREATE SCHEMA %I', name) FROM current_schema() AS name
     UNION ALL
     SELECT format('ALTER EXTENSION %I SET SCHEMA %I', extname, current_schema())
     FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace WHERE nspname = current_schema()`,
  );
}

async function readStatements(sql: SQL, query: string): Promise<string> {
  const rows: { statement: string }[] = await sql.unsafe(query);
  return rows.map(({ statement }) => `${statement};`).join("\n");
}

/** Runs the statements and rolls them back. @returns undefined, or the reason why this role may not run them. */
async function refusalOf(sql: SQL, statements: string): Promise<string | undefined> {
  try {
    await sql.unsafe(`BEGIN; ${statements} ROLLBACK;`).simple();
    return undefined;
  } catch (error) {
    if (!(error instanceof SQL.PostgresError)) throw error;
    await sql.unsafe("ROLLBACK");
    return `there is no database or schema to restore it into: ${error.message}`;
  }
}
