// Migrations on PostgreSQL: each step and its ledger row in one transaction, one process at a time.
import { type ReservedSQL, SQL, type TransactionSQL } from "bun";
import { MigrateError } from "./errors.ts";
import type { Migration } from "./files.ts";
import { isAlreadyApplied, type Step } from "./plan.ts";
import { dumpSchema, dumpTo, restoreFrom } from "./postgres-tools.ts";
import { statements } from "./sql.ts";
import type { DatabaseState, LedgerRow } from "./state.ts";
import type { Target } from "./target.ts";

/** Names the lock that migrations hold (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). */
const LOCK = 7_166_914_512;

const LEDGER = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz(3) NOT NULL DEFAULT now(),
    duration_ms integer NOT NULL,
    origin text NOT NULL CHECK (origin IN ('up', 'baseline'))
  )`;

type Connection = Pick<SQL | TransactionSQL | ReservedSQL, "unsafe">;

export class PostgresTarget implements Target {
  readonly engine = "postgres";
  readonly location: string;
  /** Always undefined: the server has its own backups, and a copy before each migration could be huge. */
  readonly safetyBackup = undefined;
  readonly #url: string;
  readonly #sql: SQL;

  constructor(url: string) {
    const { host, pathname } = new URL(url);
    this.location = `postgres://${host}${pathname}`;
    this.#url = url;
    this.#sql = new SQL(url, { max: 1, connectionTimeout: 10 });
  }

  readState(): Promise<DatabaseState> {
    return this.#withReadableErrors(() => readState(this.#sql));
  }

  apply(step: Step): Promise<"done" | "alreadyApplied"> {
    return this.#transaction(async (sql) => {
      if (isAlreadyApplied(step, await readState(sql))) return "alreadyApplied";
      const { migration, direction } = step;
      const started = performance.now();
      await runScript(sql, step.sql);
      await sql.unsafe(LEDGER);
      if (direction === "up") await addRow(sql, migration, "up", performance.now() - started);
      else
        await sql.unsafe("DELETE FROM schema_migrations WHERE version = $1", [migration.version]);
      return "done";
    });
  }

  baseline(migrations: readonly Migration[]): Promise<void> {
    return this.#transaction(async (sql) => {
      await sql.unsafe(LEDGER);
      for (const migration of migrations) await addRow(sql, migration, "baseline", 0);
    });
  }

  repair(migrations: readonly Migration[]): Promise<void> {
    return this.#transaction(async (sql) => {
      for (const { name, checksum, version } of migrations) {
        await sql.unsafe(
          "UPDATE schema_migrations SET name = $1, checksum = $2 WHERE version = $3",
          [name, checksum, version],
        );
      }
    });
  }

  dump(): Promise<string> {
    return dumpSchema(this.#url);
  }

  backup(file: string): Promise<number> {
    return dumpTo(this.#url, file);
  }

  async restore(file: string, known: readonly Migration[]): Promise<undefined> {
    await restoreFrom(this.#url, file, known);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sql.close();
  }

  /** Waits for the lock, which the server releases when the transaction ends, however it ends. */
  #transaction<T>(work: (sql: TransactionSQL) => Promise<T>): Promise<T> {
    return this.#withReadableErrors(() =>
      this.#sql.begin(async (sql) => {
        await sql.unsafe("SELECT pg_advisory_xact_lock($1)", [LOCK]);
        return work(sql);
      }),
    );
  }

  async #withReadableErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof MigrateError) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new MigrateError("failed", `${this.location}: ${message}`, { cause });
    }
  }
}

type Row = Omit<LedgerRow, "applied_at"> & { readonly applied_at: Date };

/** Tables of the schema, except those that belong to an extension such as PostGIS. */
const TABLES = `
  SELECT relname AS name FROM pg_class
  WHERE relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p') AND NOT EXISTS (
    SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
  )`;

async function readState(sql: Connection): Promise<DatabaseState> {
  const names: { name: string }[] = await sql.unsafe(TABLES);
  const tables = names.map(({ name }) => name);
  const rows: Row[] = tables.includes("schema_migrations")
    ? await sql.unsafe("SELECT * FROM schema_migrations ORDER BY version")
    : [];
  return {
    ledger: rows.map((row) => ({ ...row, applied_at: row.applied_at.toISOString() })),
    tables: tables.filter((name) => name !== "schema_migrations").length,
    foreign: false,
  };
}

/** Sends the file unchanged: without parameters, one query may have many statements. */
async function runScript(sql: Connection, file: string): Promise<void> {
  if (statements(file, "postgres").length === 0) return;
  await sql.unsafe("SAVEPOINT migration");
  await sql.unsafe(file);
  await sql.unsafe("RELEASE SAVEPOINT migration"); // Fails if the file has ended the transaction.
  await sql.unsafe("RESET ALL"); // A dump sets the search_path, which must not affect the ledger and the next file.
}

async function addRow(
  sql: Connection,
  { version, name, checksum }: Migration,
  origin: LedgerRow["origin"],
  ms: number,
): Promise<void> {
  await sql.unsafe(
    "INSERT INTO schema_migrations (version, name, checksum, duration_ms, origin) VALUES ($1, $2, $3, $4, $5)",
    [version, name, checksum, Math.round(ms), origin],
  );
}
