// Opens the stores of the features on the database that the environment selects.
import { statSync } from "node:fs";
// #region transfer
import { join } from "node:path";
// #endregion
import { Metrics } from "#lib/metrics";
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
import { databaseFile } from "./migrator.ts";
import { queryMeasurer } from "./store/measured.ts";
// #region postgres
import { PostgresPool } from "./store/postgres.ts";
// #endregion
import { SqliteDatabase } from "./store/sqlite.ts";

// #region transfer
/** The worker is loaded by path. The build writes it to the same relative path below dist/. */
const IMPORT_WORKER = join(import.meta.dir, "features/transfer/import-worker");
// #endregion

/** Milliseconds that one call of a store waits for the database. */
const CALL_TIMEOUT_MS = 20_000;

/** The stores of the features, on one database. */
export type Stores = ReturnType<typeof openStores>;

/**
 * @param idleTimeoutS seconds after which Bun closes an idle connection, even if its request still waits for the
 * database. A request calls a store up to three times. Each call times out after a quarter of `idleTimeoutS` at most, so
 * that the client gets the 503 before its connection is closed.
 */
export function openStores(
  env: DatabaseEnv,
  metrics = new Metrics(false),
  idleTimeoutS = Infinity,
) {
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
