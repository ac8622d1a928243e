// Verifies a dump of PostgreSQL: restores it into a scratch database or schema, and compares the content.
import { SQL } from "bun";
import type { ConnectionSettings } from "../postgres-url.ts";
import { MigrateError } from "./errors.ts";
import { openConnection } from "./postgres-connection.ts";
import type { SqlRunner } from "./postgres-ledger.ts";
import type { ProgramContext } from "./postgres-programs.ts";
import { runRestore } from "./postgres-restore.ts";

/** SQLSTATEs of a role that may not create a database: insufficient privilege, and read-only, as on a standby. */
const MAY_NOT_CREATE = ["42501", "25006"];

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
  sql: SqlRunner,
  { connection, stop }: ProgramContext,
  file: string,
  { query, expected }: Content,
): Promise<string | undefined> {
  const restore = async (target: ConnectionSettings, preparation: string) => {
    try {
      const script = { before: preparation, end: `${query}; ROLLBACK;` };
      const printed = await runRestore({ connection: target, stop }, file, script);
      if (printed.trimEnd().split("\n").at(-1) === expected) return;
      throw new MigrateError("failed", "its rows differ from those of the database.");
    } catch (cause) {
      stop.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `The backup could not be restored, and was deleted: ${reason}`;
      throw new MigrateError("failed", message, { cause });
    }
  };
  const database = `verify_backup_${crypto.randomUUID().replaceAll("-", "")}`;
  const scratch = { ...connection, database };
  if (await createDatabase(sql, database)) {
    try {
      // If it is not reachable, it is dropped, too.
      if (await isReachable(scratch)) {
        await restore(scratch, await readStatements(sql, SCHEMA_AND_EXTENSIONS));
        return undefined;
      }
    } finally {
      await dropDatabase(connection, database);
    }
  }
  const preparation = await readStatements(sql, EMPTY_SCHEMA);
  const refusal = await refusalOf(sql, preparation);
  if (refusal === undefined) await restore(connection, preparation);
  return refusal;
}

/** @returns false if this role may not create a database. */
async function createDatabase(sql: SqlRunner, database: string): Promise<boolean> {
  try {
    const [row] = await sql.unsafe(
      `SELECT format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype) AS options
       FROM pg_database WHERE datname = current_database()`,
    );
    await sql.unsafe(`CREATE DATABASE ${database} TEMPLATE template0 ${row.options}`);
    return true;
  } catch (cause) {
    if (!(cause instanceof SQL.PostgresError)) throw cause;
    if (MAY_NOT_CREATE.includes(cause.errno ?? "")) return false;
    const message = `The backup could not be verified, and was deleted: ${cause.message}`;
    throw new MigrateError("failed", message, { cause });
  }
}

/** @returns false if the connection is refused, for example by pg_hba.conf or a pooler. */
async function isReachable(connection: ConnectionSettings): Promise<boolean> {
  try {
    await using sql = openConnection(connection);
    await sql.unsafe("SELECT 1");
    return true;
  } catch (error) {
    if (error instanceof SQL.PostgresError) return false;
    throw error;
  }
}

/** Uses its own connection: after a signal, the cancellation of a statement could still arrive on the other one. */
async function dropDatabase(connection: ConnectionSettings, database: string): Promise<void> {
  try {
    await using sql = openConnection(connection);
    await sql.unsafe("SET statement_timeout = 0");
    await sql.unsafe(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `The backup was deleted, but not the database ${database}: ${reason}`;
    throw new MigrateError("failed", message, { hint: "Drop this database.", cause });
  }
}

/** Returns the statements that create the schema and the extensions, which are not part of the dump. */
const SCHEMA_AND_EXTENSIONS = `
  SELECT format('CREATE SCHEMA IF NOT EXISTS %I', current_schema()) AS statement
  UNION ALL
  SELECT format('CREATE SCHEMA IF NOT EXISTS %I', nspname)
  FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace WHERE nspname !~ '^pg_'
  UNION ALL
  SELECT format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I CASCADE', extname, nspname)
  FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace WHERE extname <> 'plpgsql'`;

/**
 * Returns the statements that replace the current schema with an empty one, because a dump names its schema. The
 * transaction is rolled back, so that other sessions never see the change. They lock no table.
 */
const EMPTY_SCHEMA = `
  SELECT format('ALTER SCHEMA %I RENAME TO %I', name, 'verify_backup') AS statement FROM current_schema() AS name
  UNION ALL
  SELECT format('CREATE SCHEMA %I', name) FROM current_schema() AS name
  UNION ALL
  SELECT format('ALTER EXTENSION %I SET SCHEMA %I', extname, current_schema())
  FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace WHERE nspname = current_schema()`;

async function readStatements(sql: SqlRunner, query: string): Promise<string> {
  const rows: { statement: string }[] = await sql.unsafe(query);
  return rows.map(({ statement }) => `${statement};`).join("\n");
}

/** Runs the statements and rolls them back. @returns undefined, or the reason why this role may not run them. */
async function refusalOf(sql: SqlRunner, statements: string): Promise<string | undefined> {
  try {
    await sql.unsafe(`BEGIN; ${statements} ROLLBACK;`);
    return undefined;
  } catch (error) {
    if (!(error instanceof SQL.PostgresError)) throw error;
    await sql.unsafe("ROLLBACK");
    return `there is no database or schema to restore it into: ${error.message}`;
  }
}
