// Migrations on a SQLite file: each step and its ledger row in one immediate transaction.
import type { Database } from "bun:sqlite";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { connect, explain } from "../store/connection.ts";
import { copyDatabase } from "./backup.ts";
import { DB_COMMAND, type Finding, MigrateError } from "./errors.ts";
import type { Migration } from "./files.ts";
import { createLedger, readState, recordStart, recordStep, writeRow } from "./ledger.ts";
import { orphanFindings, readOrphans, refuseNewOrphans } from "./orphans.ts";
import { isAlreadyApplied, type Step } from "./plan.ts";
import { restoreDatabase } from "./restore.ts";
import { isTransactional, type Script, scriptError } from "./script.ts";
import { statements } from "./sql.ts";
import { ADOPTED_LEDGER, type DatabaseState, unfinishedDirection } from "./state.ts";
import type { BackupResult, Target } from "./target.ts";

/** Milliseconds that a process waits for the migration of another one. */
const MIGRATION_TIMEOUT_MS = 10 * 60_000;

export class SqliteTarget implements Target {
  readonly engine = "sqlite";
  readonly keepsReplaced = true;
  #safetyBackup: string | undefined;
  #isBackedUp = false;

  constructor(readonly location: string) {}

  get safetyBackup(): string | undefined {
    return this.#safetyBackup;
  }

  async readState(): Promise<DatabaseState> {
    if (!existsSync(this.location)) return { ledger: [], tables: 0, otherOwner: undefined };
    using database = this.#read();
    return readState(database);
  }

  async apply(step: Step): Promise<"done" | "alreadyApplied"> {
    return isTransactional(step.script) ? this.#applyInTransaction(step) : this.#applyOutside(step);
  }

  #applyInTransaction(step: Step) {
    return this.#transaction((database) => {
      const state = readState(database);
      if (isAlreadyApplied(step, state)) return "alreadyApplied";
      this.#backUpBefore(step, state);
      const orphans = readOrphans(database);
      const started = performance.now();
      database.run("SAVEPOINT migration");
      runScript(database, step.script);
      database.run("RELEASE migration"); // Fails if the file has ended the transaction.
      refuseNewOrphans(database, orphans);
      createLedger(database);
      recordStep(database, step, performance.now() - started);
      return "done";
    });
  }

  /** Records the start and the end in separate transactions. A second SQLite file is the lock between processes. */
  #applyOutside(step: Step) {
    const lock = connect(`${this.location}-migration-lock`, {
      create: true,
      busyTimeout: MIGRATION_TIMEOUT_MS,
    });
    try {
      lock.run("BEGIN IMMEDIATE");
      const isDone = this.#transaction((database) => {
        const state = readState(database);
        if (isAlreadyApplied(step, state)) return true;
        this.#backUpBefore(step, state);
        createLedger(database);
        recordStart(database, step);
        return false;
      });
      if (isDone) return "alreadyApplied";
      const started = performance.now();
      const database = this.#write();
      try {
        runScript(database, step.script);
      } finally {
        database.close(true);
      }
      this.#transaction((ledger) => recordStep(ledger, step, performance.now() - started));
      return "done";
    } finally {
      lock.close(true);
    }
  }

  async baseline(migrations: readonly Migration[]): Promise<void> {
    this.#transaction((database) => {
      const { otherOwner } = readState(database);
      if (otherOwner) database.run(`ALTER TABLE schema_migrations RENAME TO ${ADOPTED_LEDGER}`);
      createLedger(database);
      for (const migration of migrations) {
        writeRow(database, migration, { origin: "baseline", duration_ms: 0, finished: true });
      }
    });
  }

  async repair(migrations: readonly Migration[]): Promise<void> {
    this.#transaction((database) => {
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
    using database = this.#read();
    return orphanFindings(readOrphans(database));
  }

  async dump(): Promise<string> {
    this.#mustExist();
    using database = this.#read();
    return database
      .query<{ sql: string }, []>(
        `SELECT sql FROM sqlite_schema AS object
         WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'schema\\_migrations%' ESCAPE '\\'
           AND NOT EXISTS (SELECT 1 FROM pragma_table_list AS t WHERE t.schema = 'main' AND t.name = object.tbl_name AND t.type = 'shadow')
         ORDER BY instr('table index view trigger', type), name`,
      )
      .all()
      .map(({ sql }) => `${sql};\n`)
      .join("\n");
  }

  async backup(file: string): Promise<BackupResult> {
    this.#mustExist();
    return { bytes: copyDatabase(this.location, file), unverified: undefined };
  }

  async describeReplaced(): Promise<string> {
    return this.location;
  }

  async restore(file: string, known: readonly Migration[]): Promise<string | undefined> {
    const { location: path } = this;
    const keep = `${path}.replaced-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
    return restoreDatabase({ file, path, known, keep }) ? keep : undefined;
  }

  explain(error: unknown): unknown {
    if (error instanceof MigrateError || !(error instanceof Error && "code" in error)) return error;
    const reason = explain(error);
    const message = reason ? `${this.location}: ${reason}.` : error.message;
    return new MigrateError("failed", message, { cause: error });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open: each transaction uses a new connection.
  }

  /**
   * Runs `work` in an immediate transaction, on a new connection: a PRAGMA of one file must not affect the
   * next. Foreign keys are off, because a table rebuild would cascade to the rows that refer to the table, and they
   * cannot be switched inside a transaction. `refuseNewOrphans` checks them before the commit.
   */
  #transaction<T>(work: (database: Database) => T): T {
    const database = this.#write();
    try {
      database.run("BEGIN IMMEDIATE");
      const result = work(database);
      database.run("COMMIT");
      return result;
    } finally {
      database.close(true); // Also finalizes statements, which would keep the WAL. An open transaction is rolled back.
    }
  }

  #read(): Database {
    return connect(this.location, { readonly: true, busyTimeout: MIGRATION_TIMEOUT_MS });
  }

  #write(): Database {
    mkdirSync(dirname(this.location), { recursive: true });
    const database = connect(this.location, { create: true, busyTimeout: MIGRATION_TIMEOUT_MS });
    database.run("PRAGMA foreign_keys = OFF");
    return database;
  }

  #mustExist(): void {
    if (existsSync(this.location)) return;
    throw new MigrateError("failed", `There is no database at ${this.location}.`, {
      hint: `Create it with \`${DB_COMMAND} up\`.`,
    });
  }

  /**
   * Copies the database before the first change of this run. Runs under the write lock, so that nothing changes after it.
   * - A migration outside a transaction is not rolled back if it fails, so each one is preceded by a copy.
   * - A database that is empty at the start of the run is not copied.
   * - An earlier copy for the same migration is replaced, so that a service that restarts in a loop does not fill the disk.
   * - It is kept if the migration is unfinished, because it is then the last copy from before it.
   */
  #backUpBefore({ direction, migration, script }: Step, { ledger, tables }: DatabaseState): void {
    if (this.#isBackedUp && isTransactional(script)) return;
    this.#isBackedUp = true;
    if (ledger.length + tables === 0) return;
    const folder = join(dirname(this.location), "backups");
    const file = join(folder, `before-${direction}-${migration.name}.db`);
    const row = ledger.find(({ version }) => version === migration.version);
    const isRetry = row !== undefined && unfinishedDirection(row) === direction;
    if (!isRetry || !existsSync(file)) {
      mkdirSync(folder, { recursive: true });
      copyDatabase(this.location, file, { replace: true });
    }
    this.#safetyBackup ??= file;
  }
}

/**
 * Runs the statements one at a time, so that an error has a line. `statements` finds where they start; SQLite's own parser
 * decides where each one ends, because it may disagree, and would then silently ignore the text after the first one.
 */
function runScript(database: Database, script: Script): void {
  const { sql } = script;
  for (const { start, end } of statements(sql, "sqlite")) {
    let at = start;
    while (at < end) {
      const rest = sql.slice(at, end);
      if (statements(rest, "sqlite").length === 0) break; // Only comments are left.
      try {
        using statement = database.prepare(rest);
        if (statement.paramsCount > 0) throw new Error("A migration cannot have parameters.");
        statement.run();
        at += statement.toString().length;
      } catch (error) {
        if (explain(error)) throw error; // The cause is the file or the disk, not the statement.
        throw scriptError(script, error, { start: at, end, at: at + errorOffset(error, rest) });
      }
    }
  }
}

/** Converts the error offset of SQLite, which counts bytes; -1 means unknown. */
function errorOffset(error: unknown, text: string): number {
  const bytes = error instanceof Error && "byteOffset" in error ? Number(error.byteOffset) : 0;
  return bytes > 0 ? Buffer.from(text).subarray(0, bytes).toString().length : 0;
}
