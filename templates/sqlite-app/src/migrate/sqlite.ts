// Migrations on a SQLite file: each step and its ledger row in one immediate transaction.
import type { Database } from "bun:sqlite";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { connect, explain } from "../store/connection.ts";
import { copyDatabase } from "./backup.ts";
import { MigrateError } from "./errors.ts";
import type { Migration } from "./files.ts";
import { addRow, createLedger, readState } from "./ledger.ts";
import { isAlreadyApplied, type Step } from "./plan.ts";
import { restoreDatabase } from "./restore.ts";
import { statements } from "./sql.ts";
import type { DatabaseState } from "./state.ts";
import type { Target } from "./target.ts";

/** Milliseconds that a process waits for the migration of another one. */
const MIGRATION_TIMEOUT_MS = 10 * 60_000;

export class SqliteTarget implements Target {
  readonly engine = "sqlite";
  #safetyBackup: string | undefined;
  #changed = false;

  constructor(readonly location: string) {}

  get safetyBackup(): string | undefined {
    return this.#safetyBackup;
  }

  async readState(): Promise<DatabaseState> {
    return this.#withReadableErrors(() => {
      if (!existsSync(this.location)) return { ledger: [], tables: 0, foreign: false };
      using database = connect(this.location, {
        readonly: true,
        busyTimeout: MIGRATION_TIMEOUT_MS,
      });
      return readState(database);
    });
  }

  async apply(step: Step): Promise<"done" | "alreadyApplied"> {
    return this.#withReadableErrors(() =>
      this.#transaction((database) => {
        const state = readState(database);
        if (isAlreadyApplied(step, state)) return "alreadyApplied";
        this.#backupOnce(state);
        this.#changed = true;
        const started = performance.now();
        runScript(database, step.sql);
        checkForeignKeys(database);
        createLedger(database);
        const { migration, direction } = step;
        if (direction === "up") {
          addRow(database, migration, { origin: "up", ms: performance.now() - started });
        } else {
          database.run("DELETE FROM schema_migrations WHERE version = ?", [migration.version]);
        }
        return "done";
      }),
    );
  }

  async baseline(migrations: readonly Migration[]): Promise<void> {
    this.#withReadableErrors(() =>
      this.#transaction((database) => {
        createLedger(database);
        for (const migration of migrations)
          addRow(database, migration, { origin: "baseline", ms: 0 });
      }),
    );
  }

  async repair(migrations: readonly Migration[]): Promise<void> {
    this.#withReadableErrors(() =>
      this.#transaction((database) => {
        const update = database.query(
          "UPDATE schema_migrations SET name = ?, checksum = ? WHERE version = ?",
        );
        for (const { name, checksum, version } of migrations) update.run(name, checksum, version);
      }),
    );
  }

  async dump(): Promise<string> {
    return this.#withReadableErrors(() => {
      this.#mustExist();
      using database = connect(this.location, {
        readonly: true,
        busyTimeout: MIGRATION_TIMEOUT_MS,
      });
      return database
        .query<{ sql: string }, []>(
          `SELECT sql FROM sqlite_schema AS object
           WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name <> 'schema_migrations'
             AND NOT EXISTS (SELECT 1 FROM pragma_table_list AS t WHERE t.schema = 'main' AND t.name = object.tbl_name AND t.type = 'shadow')
           ORDER BY instr('table index view trigger', type), name`,
        )
        .all()
        .map(({ sql }) => `${sql};\n`)
        .join("\n");
    });
  }

  async backup(file: string): Promise<number> {
    return this.#withReadableErrors(() => {
      this.#mustExist();
      return copyDatabase(this.location, file);
    });
  }

  async restore(file: string, known: readonly Migration[]): Promise<string | undefined> {
    const { location: path } = this;
    const keep = `${path}.replaced-${timestamp()}`;
    return this.#withReadableErrors(() =>
      restoreDatabase({ file, path, known, keep }) ? keep : undefined,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open: each transaction uses a connection of its own.
  }

  /**
   * Runs `work` in an immediate transaction, on a connection of its own: a PRAGMA of one file must not affect the
   * next. Foreign keys are off, because a table rebuild would cascade to the rows that refer to the table, and they
   * cannot be switched inside a transaction. `checkForeignKeys` checks them before the commit.
   */
  #transaction<T>(work: (database: Database) => T): T {
    mkdirSync(dirname(this.location), { recursive: true });
    const database = connect(this.location, { create: true, busyTimeout: MIGRATION_TIMEOUT_MS });
    try {
      database.run("PRAGMA foreign_keys = OFF");
      database.run("BEGIN IMMEDIATE");
      const result = work(database);
      database.run("COMMIT");
      return result;
    } finally {
      database.close(true); // Also finalizes statements, which would keep the WAL. An open transaction is rolled back.
    }
  }

  #mustExist(): void {
    if (existsSync(this.location)) return;
    throw new MigrateError("failed", `There is no database at ${this.location}.`, {
      hint: "Create it with `bun run db up`.",
    });
  }

  /** Runs under the write lock, so that the copy is exactly the state before the first change. */
  #backupOnce({ ledger, tables }: DatabaseState): void {
    if (this.#changed || ledger.length + tables === 0) return;
    const folder = join(dirname(this.location), "backups");
    const file = join(folder, `${timestamp()}-before-migration.db`);
    mkdirSync(folder, { recursive: true });
    copyDatabase(this.location, file);
    this.#safetyBackup = file;
  }

  /** Explains errors of the disk and the file; an error in SQL keeps its own message. */
  #withReadableErrors<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof MigrateError) throw cause;
      const reason = explain(cause);
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new MigrateError("failed", reason ? `${this.location}: ${reason}.` : message, {
        cause,
      });
    }
  }
}

/** The current time, for file names. */
function timestamp(): string {
  return new Date().toISOString().replaceAll(/[:.]/g, "-");
}

/** Runs the file unsplit: only SQLite knows where the body of a trigger ends. */
function runScript(database: Database, sql: string): void {
  if (statements(sql, "sqlite").length === 0) return; // Comments only, which Bun reports as an error.
  database.run("SAVEPOINT migration");
  database.run(sql);
  database.run("RELEASE migration"); // Fails if the file has ended the transaction.
}

function checkForeignKeys(database: Database): void {
  const [broken] = database
    .query<{ table: string; rowid: number | null; parent: string }, []>("PRAGMA foreign_key_check")
    .all();
  if (broken === undefined) return;
  const { table, rowid, parent } = broken;
  const message = `Row ${rowid ?? "?"} of ${table} would refer to a row of ${parent} that does not exist.`;
  throw new MigrateError("failed", message);
}
