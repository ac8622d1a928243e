// Backups of PostgreSQL: dumps the application's own objects from one snapshot.
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { SQL } from "bun";
import { flush, flushNames, publish, removeFile } from "./backup.ts";
import { explainFileError, MigrateError, nothingToBackUp } from "./errors.ts";
import { noTimeouts } from "./postgres-connection.ts";
import { readState } from "./postgres-ledger.ts";
import { describeObject, exclude, isRelation, readOwnership } from "./postgres-objects.ts";
import {
  type ProgramContext,
  quoteName,
  runProgram,
  stoppableRunner,
} from "./postgres-programs.ts";
import { type Content, verifyDump } from "./postgres-verify.ts";
import type { BackupResult } from "./target.ts";

/** Writes the dump under a temporary name, verifies it and renames it. */
export async function backupTo(
  sql: SQL,
  context: ProgramContext,
  file: string,
): Promise<BackupResult> {
  if (existsSync(file)) {
    throw new MigrateError("failed", `${file} already exists. Nothing was written.`);
  }
  const temporary = `${file}.${crypto.randomUUID()}.tmp`;
  try {
    await sql.unsafe(`${noTimeouts({ isLocal: false })}; SET statement_timeout = 0`); // A count can take long.
    closeSync(openSync(temporary, "wx", 0o600)); // It contains password hashes; pg_dump keeps the mode.
    const { leftOut, ...content } = await dump(sql, context, temporary);
    const statements = stoppableRunner(sql, context.stop);
    const unverified = await verifyDump(statements, context, temporary, content);
    flush(temporary);
    publish(temporary, file);
    flushNames(dirname(file));
    return { bytes: statSync(file).size, unverified, leftOut };
  } catch (cause) {
    throw explainFileError(cause, file) ?? cause;
  } finally {
    removeFile(temporary);
  }
}

/**
 * pg_dump and the counts read the same snapshot, so that concurrent writes do not matter.
 * @returns the content, and the objects of other applications, which are not part of it.
 */
async function dump(
  sql: SQL,
  context: ProgramContext,
  file: string,
): Promise<Content & Pick<BackupResult, "leftOut">> {
  return sql.begin("ISOLATION LEVEL REPEATABLE READ READ ONLY", async (session) => {
    const transaction = stoppableRunner(session, context.stop);
    const [{ snapshot, schema }] = await transaction.unsafe(
      "SELECT pg_export_snapshot() AS snapshot, current_schema() AS schema",
    );
    // Reading a table locks it until the end of this transaction, and this transaction waits for pg_dump. A restore or
    // VACUUM FULL, which waits for the lock and blocks pg_dump, would therefore wait forever. The rollback unlocks it.
    await transaction.unsafe("SAVEPOINT before_reading");
    const { ledger } = await readState(transaction);
    if (schema === null || ledger.length === 0) throw nothingToBackUp();
    const { own, foreign } = await readOwnership(transaction);
    await transaction.unsafe("ROLLBACK TO SAVEPOINT before_reading");
    const inseparable = foreign.filter((object) => !isRelation(object));
    if (inseparable.length > 0) {
      const names = inseparable.map(({ identity }) => identity).join(", ");
      throw new MigrateError(
        "refused",
        `No migration created ${names}, which pg_dump cannot leave out.`,
        { hint: "Create it in a migration, or move it with `ALTER … SET SCHEMA`." },
      );
    }
    await runProgram(
      context,
      "pg_dump",
      "--format=custom",
      `--snapshot=${snapshot}`,
      `--schema=${quoteName(schema)}`,
      ...exclude(schema, foreign),
      `--file=${file}`,
    );
    const tables = own.filter(({ kind }) => kind === "TABLE").map(({ identity }) => identity);
    const query = contentQuery(schema, tables);
    const [{ content }] = await transaction.unsafe(query);
    return { query, expected: content, leftOut: foreign.map(describeObject) };
  });
}

function contentQuery(schema: string, tables: readonly string[]): string {
  const ledger = `SELECT json_agg(concat_ws(' ', version, name, checksum, finished) ORDER BY version) FROM ${quoteName(schema)}.schema_migrations`;
  const counts = tables.map((table) => `SELECT count(*) FROM ${table}`);
  const values = [ledger, ...counts].map((value) => `(${value})::text`);
  return `SELECT array_to_string(ARRAY[${values.join(", ")}], ' ') AS content`;
}
