// Migrations on a SQLite file: each step and its ledger row in one immediate transaction.
import type { Database } from "bun:sqlite";
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { connect, errorCode, outageReason } from "../store/connection.ts";
import { copyDatabase, explainFailure } from "./backup.ts";
import {
  DB_COMMAND,
  explainFileError,
  type Finding,
  MigrateError,
  nothingToBackUp,
} from "./errors.ts";
import { isTransactional, type Migration, type Script, scriptError } from "./files.ts";
import { createLedger, readState, recordStep, writeRow } from "./ledger.ts";
import { type Orphan, orphanFindings, readOrphans, refuseNewOrphans } from "./orphans.ts";
import { hasStepRun, type Step } from "./plan.ts";
import { restoreDatabase } from "./restore.ts";
import { SafetyCopies } from "./safety-copies.ts";
import { statements } from "./sql.ts";
import { lockDatabase, MIGRATION_TIMEOUT_MS, readDatabase } from "./sqlite-lock.ts";
import { ADOPTED_LEDGER, type DatabaseState, refuseLedgerChange } from "./state.ts";
import type { BackupResult, Confirm, Target } from "./target.ts";

export class SqliteTarget implements Target {
  readonly engine = "sqlite";
  readonly #copies: SafetyCopies;

  constructor(readonly location: string) {
    this.#copies = new SafetyCopies(location);
  }

  get safetyCopy(): string | undefined {
    return this.#copies.first;
  }

  async readState(): Promise<DatabaseState> {
    if (!existsSync(this.location)) return { ledger: [], tables: 0, otherOwner: undefined };
    return readDatabase(this.location, readState);
  }

  async apply(step: Step): Promise<"done" | "alreadyApplied"> {
    return isTransactional(step.script) ? this.#applyInTransaction(step) : this.#applyOutside(step);
  }

  #applyInTransaction(step: Step) {
    return this.#transaction((database) => {
      const state = readState(database);
      if (hasStepRun(step, state)) return "alreadyApplied";
      this.#copies.take(step, state);
      const orphans = readOrphans(database);
      const started = performance.now();
      database.run("SAVEPOINT migration");
      runScript(database, step.script);
      database.run("RELEASE migration"); // Fails if the file has ended the transaction.
      refuseNewOrphans(database, orphans);
      refuseLedgerChange(step.script.file, state, readState(database));
      createLedger(database);
      recordStep(database, step, performance.now() - started);
      return "done";
    }, this.#copies);
  }

  /** Records the start and the end in separate transactions. A second SQLite file is the lock between processes. */
  async #applyOutside(step: Step): Promise<"done" | "alreadyApplied"> {
    const lock = await lockDatabase(`${this.location}-migration-lock`);
    try {
      const start = await this.#transaction((database) => {
        const state = readState(database);
        if (hasStepRun(step, state)) return undefined;
        const copy = this.#copies.take(step, state);
        createLedger(database);
        recordStep(database, step);
        return { copy };
      });
      if (start === undefined) return "alreadyApplied";
      // An earlier run that failed may have left new orphans, so read those of the copy from before it. There is no
      // copy if the database was empty.
      const orphans = start.copy ? await readDatabase(start.copy, readOrphans) : [];
      const started = performance.now();
      this.#runOutside(step.script, orphans);
      const ms = performance.now() - started;
      await this.#transaction((database) => recordStep(database, step, ms), this.#copies);
      return "done";
    } finally {
      lock.close(true);
    }
  }

  /** Blocks the thread while a statement runs or waits for another writer: signals are handled afterwards. */
  #runOutside(script: Script, orphans: readonly Orphan[]): void {
    const database = connect(this.location, { busyTimeout: MIGRATION_TIMEOUT_MS });
    try {
      database.run("PRAGMA foreign_keys = OFF");
      runScript(database, script);
      refuseNewOrphans(database, orphans, { ignoreRowids: true }); // VACUUM may change them.
    } finally {
      database.close(true);
    }
  }

  async baseline(migrations: readonly Migration[]): Promise<[]> {
    await this.#transaction((database) => {
      const { otherOwner } = readState(database);
      if (otherOwner) database.run(`ALTER TABLE schema_migrations RENAME TO ${ADOPTED_LEDGER}`);
      createLedger(database);
      for (const migration of migrations) {
        writeRow(database, migration, { origin: "baseline", duration_ms: 0, finished: true });
      }
    });
    return [];
  }

  async repair(migrations: readonly Migration[]): Promise<void> {
    await this.#transaction((database) => {
      const update = database.query(
        "UPDATE schema_migrations SET name = ?, checksum = ?, compatible = ? WHERE version = ?",
      );
      for (const { name, checksum, up, version } of migrations) {
        update.run(name, checksum, up.marks.has("compatible"), version);
      }
    });
  }

  async findOrphans(): Promise<Finding[]> {
    if (!existsSync(this.location)) return [];
    return orphanFindings(await readDatabase(this.location, readOrphans));
  }

  async dump(): Promise<string> {
    this.#mustExist();
    const objects = await readDatabase(this.location, (database) =>
      database
        .query<{ sql: string }, []>(
          `SELECT sql FROM sqlite_schema AS object
           WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT IN ('schema_migrations', '${ADOPTED_LEDGER}')
             AND NOT EXISTS (SELECT 1 FROM pragma_table_list AS t WHERE t.schema = 'main' AND t.name = object.tbl_name AND t.type = 'shadow')
           ORDER BY instr('table index view trigger', type), name`,
        )
        .all(),
    );
    return objects.map(({ sql }) => `${sql};\n`).join("\n");
  }

  async backup(file: string): Promise<BackupResult> {
    this.#mustExist();
    const { ledger } = await this.readState();
    if (ledger.length === 0) throw nothingToBackUp();
    return { bytes: copyDatabase(this.location, file), unverified: undefined, leftOut: [] };
  }

  async restore(
    file: string,
    known: readonly Migration[],
    confirm: Confirm,
  ): Promise<string | undefined> {
    return restoreDatabase(file, this.location, known, confirm);
  }

  explain(error: unknown): unknown {
    const fileError = explainFileError(error);
    if (fileError) return fileError;
    if (error instanceof MigrateError || errorCode(error) === undefined) return error;
    const { reason, hint } = explainFailure(this.location, error);
    return new MigrateError("failed", `${this.location}: ${reason}.`, { hint, cause: error });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open: each transaction uses a new connection.
  }

  /**
   * Runs `work`, which must be synchronous, in an immediate transaction. Each transaction has its own connection, so that
   * a PRAGMA of one file does not affect the next. Foreign keys are off, because a table rebuild would cascade to the rows
   * that refer to the table, and they cannot be switched inside a transaction. `refuseNewOrphans` checks them before the
   * commit.
   * @param copies if given, the safety copy, which has a temporary name until then, gets its final name with the commit.
   */
  async #transaction<T>(work: (database: Database) => T, copies?: SafetyCopies): Promise<T> {
    mkdirSync(dirname(this.location), { recursive: true });
    const database = await lockDatabase(this.location);
    try {
      const result = work(database);
      const commit = () => database.run("COMMIT");
      copies ? copies.commit(commit) : commit();
      return result;
    } finally {
      // Rolls back an open transaction. `true` also finalizes open statements; otherwise the WAL file would remain.
      database.close(true);
    }
  }

  #mustExist(): void {
    if (existsSync(this.location)) return;
    throw new MigrateError("failed", `There is no database at ${this.location}.`, {
      hint: `Create it with \`${DB_COMMAND} up\`.`,
    });
  }
}

/** Runs the statements one at a time, so that an error has a line. */
function runScript(database: Database, script: Script): void {
  for (const { start, end } of statements(script.sql, "sqlite")) {
    const text = script.sql.slice(start, end);
    try {
      using statement = database.prepare(text);
      if (statement.paramsCount > 0) throw new Error("A migration cannot have parameters.");
      statement.run();
    } catch (error) {
      if (outageReason(error)) throw error; // The cause is the file or the disk, not the statement.
      throw scriptError(script, error, { start, end, at: start + errorOffset(error, text) });
    }
  }
}

/** Converts the error offset of SQLite, which counts bytes; -1 means unknown. */
function errorOffset(error: unknown, text: string): number {
  const bytes = error instanceof Error && "byteOffset" in error ? Number(error.byteOffset) : 0;
  return bytes > 0 ? Buffer.from(text).subarray(0, bytes).toString().length : 0;
}
