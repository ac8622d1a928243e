// Opens the database that the environment selects: the file in DATA_DIR, or PostgreSQL if DATABASE_URL is set.
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Metrics } from "#lib/metrics";
import type { DatabaseEnv } from "./env.ts";
import { MigrateError, refuseFindings } from "./migrate/errors.ts";
import { inspect, type Migrator, migrateUp } from "./migrate/index.ts";
import { PostgresTarget } from "./migrate/postgres.ts";
import { SqliteTarget } from "./migrate/sqlite.ts";
import { measureQueries } from "./store/measured.ts";
import { PostgresStore } from "./store/postgres.ts";
import { SqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";

/** The worker is loaded by path; the build writes it to the same place below dist/. */
const IMPORT_WORKER = join(import.meta.dir, "store/import-worker");

export function openMigrator(env: DatabaseEnv): Migrator {
  const { DATABASE_URL: url } = env;
  const target = url ? new PostgresTarget(url) : new SqliteTarget(databaseFile(env));
  return { target, directory: join(env.MIGRATIONS_DIR, target.engine) };
}

export function openStore(env: DatabaseEnv, metrics: Metrics): Store {
  return measureQueries(openUnmeasured(env, metrics), metrics);
}

function openUnmeasured(env: DatabaseEnv, metrics: Metrics): Store {
  if (env.DATABASE_URL) {
    const store = new PostgresStore(env.DATABASE_URL);
    metrics.gauge({
      name: "db_pool_connections",
      help: "Open connections to PostgreSQL.",
      read: () => store.connections,
    });
    return store;
  }
  const file = databaseFile(env);
  metrics.gauge({
    name: "db_wal_bytes",
    help: "Size of SQLite's write-ahead log.",
    read: () => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
  });
  return new SqliteStore(file, { importWorker: IMPORT_WORKER });
}

/** Names of the migrations that were applied now, and the number of all that are. */
export interface Prepared {
  readonly applied: readonly string[];
  readonly total: number;
}

/**
 * Ensures that the schema is the one that this code was written for. With `migrate`, pending migrations
 * are applied; without it, they are refused.
 * @throws {MigrateError} if the database is newer than the code, a file was changed, or a migration fails.
 */
export async function prepareSchema(
  env: DatabaseEnv,
  options: { readonly migrate: boolean },
): Promise<Prepared> {
  const migrator = openMigrator(env);
  await using _target = migrator.target;
  const applied = options.migrate ? await migrate(migrator) : [];
  const state = await inspect(migrator);
  refuseFindings(state.findings);
  if (state.pending.length === 0) return { applied, total: state.applied.length };
  throw new MigrateError("refused", `${state.pending.length} migrations are pending.`, {
    hint: "Apply them with `bun run db up`.",
  });
}

async function migrate(migrator: Migrator): Promise<string[]> {
  const { done, failed } = await migrateUp(migrator);
  if (failed) throw new MigrateError("failed", `${failed.migration} failed: ${failed.message}`);
  return done.filter(({ result }) => result === "done").map(({ migration }) => migration);
}

function databaseFile({ DATA_DIR }: DatabaseEnv): string {
  return resolve(DATA_DIR, "app.db");
}
