// Opens the database that the environment selects, migrates it, and opens the stores of the features on it.
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Metrics } from "#lib/metrics";
import type { DatabaseEnv } from "./env.ts";
// #region postgres articles
import { PostgresArticles } from "./features/articles/postgres.ts";
// #endregion
// #region articles
import { SqliteArticles } from "./features/articles/sqlite.ts";
// #endregion
// #region postgres transfer
import { PostgresTransfer } from "./features/transfer/postgres.ts";
// #endregion
// #region transfer
import { SqliteTransfer } from "./features/transfer/sqlite.ts";
// #endregion
// #region postgres
import { PostgresUsers } from "./features/users/postgres.ts";
// #endregion
import { SqliteUsers } from "./features/users/sqlite.ts";
import { DB_COMMAND, MigrateError, refuseFindings } from "./migrate/errors.ts";
import { inspect, type Migrator, migrateUp } from "./migrate/index.ts";
// #region postgres
import { PostgresTarget } from "./migrate/postgres.ts";
// #endregion
import { SqliteTarget } from "./migrate/sqlite.ts";
import type { Target } from "./migrate/target.ts";
import { queryMeasurer } from "./store/measured.ts";
// #region postgres
import { PostgresPool } from "./store/postgres.ts";
// #endregion
import { SqliteDatabase } from "./store/sqlite.ts";

// #region transfer
/** The worker is loaded by path. The build writes it to the same relative path below dist/. */
const IMPORT_WORKER = join(import.meta.dir, "features/transfer/import-worker");
// #endregion

export function openMigrator(env: DatabaseEnv): Migrator {
  const target = openTarget(env);
  return { target, directory: join(env.MIGRATIONS_DIR, target.engine) };
}

function openTarget(env: DatabaseEnv): Target {
  // #region postgres
  if (env.DATABASE_URL) return new PostgresTarget(env.DATABASE_URL);
  // #endregion
  return new SqliteTarget(databaseFile(env));
}

/** Milliseconds that one call of a store waits for the database. */
const CALL_TIMEOUT_MS = 20_000;

/** The stores of the features, on one database. */
export type Stores = ReturnType<typeof openStores>;

/**
 * @param idleTimeoutS seconds after which Bun closes an idle connection, even if its request still waits for the
 * database. A request makes up to three calls, so each times out after a quarter, and the client gets the 503.
 */
export function openStores(env: DatabaseEnv, metrics: Metrics, idleTimeoutS = Infinity) {
  const timeoutMs = Math.min(CALL_TIMEOUT_MS, (idleTimeoutS * 1000) / 4);
  const measured = queryMeasurer(metrics);
  // #region postgres
  if (env.DATABASE_URL) {
    // A call waits for a connection, and then for its statement.
    const pool = new PostgresPool(env.DATABASE_URL, timeoutMs / 2);
    metrics.gauge({
      name: "db_pool_connections",
      help: "Open connections to PostgreSQL.",
      read: () => pool.connections,
    });
    return {
      ready: () => pool.ready(),
      close: () => pool.close(),
      users: measured(new PostgresUsers(pool)),
      // #region articles
      articles: measured(new PostgresArticles(pool)),
      // #endregion
      // #region transfer
      transfer: measured(new PostgresTransfer(pool)),
      // #endregion
    };
  }
  // #endregion
  const database = new SqliteDatabase(databaseFile(env), timeoutMs);
  metrics.gauge({
    name: "db_wal_bytes",
    help: "Size of SQLite's write-ahead log.",
    read: () => statSync(`${database.path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
  });
  return {
    ready: () => database.ready(),
    close: () => database.close(),
    users: measured(new SqliteUsers(database)),
    // #region articles
    articles: measured(new SqliteArticles(database)),
    // #endregion
    // #region transfer
    transfer: measured(new SqliteTransfer(database, IMPORT_WORKER)),
    // #endregion
  };
}

/**
 * Ensures that the schema fits this code. With `migrate`, pending migrations are applied; without it, they are refused.
 * @returns the database as messages describe it, the migrations that were applied, and the number of all applied ones.
 * @throws {MigrateError} if the database is newer than the code, a file was changed, or a migration fails.
 */
export async function prepareSchema(env: DatabaseEnv, options: { readonly migrate: boolean }) {
  const migrator = openMigrator(env);
  await using target = migrator.target;
  try {
    const applied = options.migrate ? await migrate(migrator) : [];
    const state = await inspect(migrator);
    refuseFindings(state.findings);
    if (state.pending.length === 0) {
      return { location: target.location, applied, total: state.ledger.length };
    }
    const names = state.pending.map(({ name }) => name).join(", ");
    throw new MigrateError("refused", `Migrations are pending: ${names}.`, {
      hint: `Apply them with \`${DB_COMMAND} up\`.`,
    });
  } catch (error) {
    throw target.explain(error);
  }
}

async function migrate(migrator: Migrator): Promise<string[]> {
  const { done, failed, backup } = await migrateUp(migrator);
  if (failed) {
    throw new MigrateError("failed", `${failed.migration} failed: ${failed.message}`, {
      hint: backup ? `A copy from before the migration is ${backup}.` : undefined,
    });
  }
  return done.filter(({ result }) => result === "done").map(({ migration }) => migration);
}

function databaseFile({ DATA_DIR }: DatabaseEnv): string {
  return resolve(DATA_DIR, "app.db");
}
