// Migrations on PostgreSQL: each step and its ledger row in one transaction, one process at a time.
import { SQL, type TransactionSQL } from "bun";
import { type ConnectionSettings, describeConnection } from "../postgres-url.ts";
import { explainFileError, MigrateError, restoreCancelled } from "./errors.ts";
import { isTransactional, type Migration, type Script, scriptError } from "./files.ts";
import { hasStepRun, type Step } from "./plan.ts";
import { backupTo } from "./postgres-backup.ts";
import { noTimeouts, openConnection, refuseTransactionPooler } from "./postgres-connection.ts";
import {
  createLedger,
  readState,
  recordStep,
  type SqlRunner,
  writeRow,
} from "./postgres-ledger.ts";
import {
  describeObject,
  exclude,
  findInvalidIndex,
  readOwnership,
  recordForeign,
  recordOwnership,
} from "./postgres-objects.ts";
import {
  quoteName,
  requirePrograms,
  runProgram,
  stoppable,
  stoppableRunner,
} from "./postgres-programs.ts";
import { LEDGER_TABLES, planRestore, replaceObjects } from "./postgres-restore.ts";
import { statements } from "./sql.ts";
import { MIGRATION_TIMEOUT_MS } from "./sqlite-lock.ts";
import { ADOPTED_LEDGER, type DatabaseState, refuseLedgerChange } from "./state.ts";
import type { BackupResult, Confirm, Target } from "./target.ts";

/** Names the lock that migrations hold (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). */
const LOCK = 7_166_914_512;
/** Milliseconds between two attempts to take the lock. */
const LOCK_RETRY_MS = 100;

/** Resets everything in the session that a file may have changed and that would affect the ledger or the next file. */
const RESET_SESSION = [
  "SET CONSTRAINTS ALL IMMEDIATE",
  "RESET SESSION AUTHORIZATION",
  "RESET ROLE",
  "RESET ALL", // A dump sets the search_path.
  "DEALLOCATE ALL",
  "CLOSE ALL",
  "UNLISTEN *",
  "DISCARD TEMP",
  "SELECT pg_advisory_unlock_all()",
];

export class PostgresTarget implements Target {
  readonly engine = "postgres";
  readonly location: string;
  /** Always undefined: the server has its own backups, and a copy before each migration could be huge. */
  readonly safetyCopy = undefined;
  readonly #connection: ConnectionSettings;
  readonly #sql: SQL;

  /** @param lockTimeoutMs milliseconds that a migration waits for that of another process. */
  constructor(
    connection: ConnectionSettings,
    private readonly lockTimeoutMs = MIGRATION_TIMEOUT_MS,
  ) {
    this.location = describeConnection(connection);
    this.#connection = { ...connection, prepare: false }; // Files may contain DEALLOCATE ALL.
    this.#sql = openConnection(this.#connection);
  }

  readState(): Promise<DatabaseState> {
    return readState(this.#sql);
  }

  apply(step: Step): Promise<"done" | "alreadyApplied"> {
    return isTransactional(step.script) ? this.#applyInTransaction(step) : this.#applyOutside(step);
  }

  #applyInTransaction(step: Step) {
    return this.#locked(async (sql) => {
      const state = await readState(sql);
      if (hasStepRun(step, state)) return "alreadyApplied";
      const { foreign } = await readOwnership(sql);
      const schema = await requireSchema(sql);
      const started = performance.now();
      await sql.unsafe("SAVEPOINT migration");
      await runScript(sql, step.script);
      await sql.unsafe("RELEASE SAVEPOINT migration"); // Fails if the file has ended the transaction.
      for (const statement of RESET_SESSION) await sql.unsafe(statement);
      if ((await currentSchema(sql)) !== schema) throw otherSchema(step.script, schema);
      refuseLedgerChange(step.script.file, state, await readState(sql));
      await createLedger(sql);
      await recordStep(sql, step, performance.now() - started);
      await recordOwnership(sql, foreign);
      return "done";
    });
  }

  /**
   * Runs the statements on a second connection, while the first one holds the lock in a transaction. That transaction has
   * no snapshot and reads no table; otherwise CREATE INDEX CONCURRENTLY or VACUUM FULL would wait for it forever.
   */
  async #applyOutside(step: Step): Promise<"done" | "alreadyApplied"> {
    await this.#locked(createLedger); // Committed, because the other connection writes the row.
    return this.#locked(async () => {
      await using sql = openConnection(this.#connection);
      if (hasStepRun(step, await readState(sql))) return "alreadyApplied";
      const { foreign } = await readOwnership(sql);
      const schema = await requireSchema(sql);
      const started = performance.now();
      await sql.begin(async (transaction) => {
        await recordStep(transaction, step);
        await recordForeign(transaction, foreign);
      });
      await runScript(sql, step.script);
      await sql.unsafe("DISCARD ALL");
      if ((await currentSchema(sql)) !== schema) throw otherSchema(step.script, schema);
      const index = await findInvalidIndex(sql, foreign);
      if (index !== undefined) throw invalidIndex(step.script, index);
      await sql.begin(async (transaction) => {
        await recordStep(transaction, step, performance.now() - started);
        await recordOwnership(transaction, foreign);
      });
      return "done";
    });
  }

  baseline(migrations: readonly Migration[]): Promise<string[]> {
    return this.#locked(async (sql) => {
      const { otherOwner } = await readState(sql);
      if (otherOwner) await sql.unsafe(`ALTER TABLE schema_migrations RENAME TO ${ADOPTED_LEDGER}`);
      await createLedger(sql);
      for (const migration of migrations) {
        await writeRow(sql, migration, { origin: "baseline", duration_ms: 0, finished: true });
      }
      return (await recordOwnership(sql, [])).map(describeObject);
    });
  }

  repair(migrations: readonly Migration[]): Promise<void> {
    return this.#locked(async (sql) => {
      for (const { name, checksum, up, version } of migrations) {
        await sql.unsafe(
          "UPDATE schema_migrations SET name = $1, checksum = $2, compatible = $3 WHERE version = $4",
          [name, checksum, up.marks.has("compatible"), version],
        );
      }
    });
  }

  /** Returns none, because PostgreSQL always enforces foreign keys. */
  async findOrphans(): Promise<[]> {
    return [];
  }

  /** Returns the schema as SQL, without lines that differ between two dumps of the same schema. */
  async dump(): Promise<string> {
    requirePrograms(this.#connection);
    await refuseTransactionPooler(this.#sql, this.#connection);
    const { foreign } = await readOwnership(this.#sql);
    const schema = await requireSchema(this.#sql);
    const options = [
      "--schema-only",
      "--no-owner",
      "--no-privileges",
      `--schema=${quoteName(schema)}`,
      ...[...LEDGER_TABLES, ADOPTED_LEDGER].map(
        (table) => `--exclude-table=${quoteName(schema)}.${table}`,
      ),
      ...exclude(schema, foreign),
    ];
    const sql = await stoppable(this.#connection, (context) =>
      runProgram(context, "pg_dump", ...options),
    );
    return sql.replaceAll(/^(?:--.*|\\(?:un)?restrict .*)\n/gm, "").replaceAll(/\n{3,}/g, "\n\n");
  }

  async backup(file: string): Promise<BackupResult> {
    requirePrograms(this.#connection);
    await refuseTransactionPooler(this.#sql, this.#connection);
    return stoppable(this.#connection, (context) => backupTo(this.#sql, context, file));
  }

  async restore(file: string, known: readonly Migration[], confirm: Confirm): Promise<undefined> {
    requirePrograms(this.#connection);
    await this.#locked(async (sql) => {
      const { question, script } = await stoppable(this.#connection, (context) =>
        planRestore(stoppableRunner(sql, context.stop), context, file, known),
      );
      // Not stoppable: `confirm` blocks the thread, so a handler of Ctrl-C would not run.
      if (!confirm(question)) throw restoreCancelled();
      await stoppable(this.#connection, (context) => replaceObjects(sql, context, file, script));
    });
  }

  explain(error: unknown): unknown {
    const fileError = explainFileError(error);
    if (fileError) return fileError;
    if (error instanceof MigrateError || !(error instanceof Error && "code" in error)) return error;
    return new MigrateError("failed", `${this.location}: ${error.message}`, { cause: error });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql.close();
  }

  /**
   * Runs `work` in a transaction that holds the lock. The server releases it with the transaction, even after a crash.
   * Retries in new transactions instead of waiting in one: a lock_timeout would end the wait, and a
   * CREATE INDEX CONCURRENTLY in the process that holds the lock would wait for the waiting transaction. The isolation
   * level does not depend on the server: at another level, the transaction would keep the snapshot of its first statement.
   * @throws {MigrateError} if another process holds the lock for too long.
   */
  async #locked<T>(work: (sql: TransactionSQL) => Promise<T>): Promise<T> {
    const attempt = async (sql: TransactionSQL) => {
      const [row] = await sql.unsafe("SELECT pg_try_advisory_xact_lock($1) AS locked", [LOCK]);
      if (!row.locked) return undefined;
      await sql.unsafe(noTimeouts({ isLocal: true }));
      return { result: await work(sql) };
    };
    const deadline = performance.now() + this.lockTimeoutMs;
    for (;;) {
      const done = await this.#sql.begin("ISOLATION LEVEL READ COMMITTED", attempt);
      if (done) return done.result;
      if (performance.now() > deadline) {
        const message = `${this.location}: another process is migrating or restoring it and did not finish in time.`;
        throw new MigrateError("failed", message, {
          hint: "Try again after it. The table pg_locks lists it, with the locktype advisory.",
        });
      }
      await Bun.sleep(LOCK_RETRY_MS);
    }
  }
}

async function currentSchema(sql: SqlRunner): Promise<string | null> {
  const [{ schema }] = await sql.unsafe("SELECT current_schema() AS schema");
  return schema;
}

async function requireSchema(sql: SqlRunner): Promise<string> {
  const schema = await currentSchema(sql);
  if (schema !== null) return schema;
  throw new MigrateError("failed", "No schema of the search_path exists.", {
    hint: "Create the schema, or correct search_path in DATABASE_URL.",
  });
}

/** A schema with the name of the role comes before `public`. The ledger would not be found in it. */
function otherSchema({ file }: Script, schema: string): MigrateError {
  const message = `${file}: after it, the current schema is another than ${schema}. Add ?search_path=${schema} to DATABASE_URL.`;
  return new MigrateError("failed", message);
}

function invalidIndex({ file }: Script, index: string): MigrateError {
  const message = `${file}: the index ${index} is invalid, because the statement that created it failed or was interrupted.`;
  return new MigrateError("failed", message, {
    hint: `Write \`DROP INDEX CONCURRENTLY IF EXISTS ${index};\` before that statement.`,
  });
}

/** Runs the statements one at a time, so that an error has a line. */
async function runScript(sql: Pick<SQL, "unsafe">, script: Script): Promise<void> {
  for (const { start, end } of statements(script.sql, "postgres")) {
    const text = script.sql.slice(start, end);
    try {
      await sql.unsafe(text).simple();
    } catch (error) {
      throw scriptError(script, error, { start, end, at: start + errorOffset(error, text) });
    }
  }
}

/** Converts the error position of the server, which counts code points from 1. */
function errorOffset(error: unknown, text: string): number {
  const position = error instanceof SQL.PostgresError ? Number(error.position ?? 1) : 1;
  return [...text].slice(0, position - 1).join("").length;
}
