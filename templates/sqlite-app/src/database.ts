// Opens the database that the environment selects: the file in DATA_DIR, or PostgreSQL if DATABASE_URL is set.
import { join, resolve } from "node:path";
import type { DatabaseEnv } from "./env.ts";
import { MigrateError, refuseFindings } from "./migrate/errors.ts";
import { inspect, type Migrator, migrateUp } from "./migrate/index.ts";
import { PostgresTarget } from "./migrate/postgres.ts";
import { SqliteTarget } from "./migrate/sqlite.ts";
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

export function openStore(env: DatabaseEnv): Store {
  if (env.DATABASE_URL) return new PostgresStore(env.DATABASE_URL);
  return new SqliteStore(databaseFile(env), { importWorker: IMPORT_WORKER });
}

/**
 * Ensures that the schema is the one that this code was written for. With `migrate`, pending migrations
 * are applied; without it, they are refused.
 * @returns the names of the migrations that were applied.
 * @throws {MigrateError} if the database is newer than the code, a file was changed, or a migration fails.
 */
export async function prepareSchema(
  env: DatabaseEnv,
  options: { readonly migrate: boolean },
): Promise<string[]> {
  const migrator = openMigrator(env);
  await using _target = migrator.target;
  if (options.migrate) {
    const { done, failed } = await migrateUp(migrator);
    if (failed) throw new MigrateError("failed", `${failed.migration} failed: ${failed.message}`);
    return done.filter(({ result }) => result === "done").map(({ migration }) => migration);
  }
  const { pending, findings } = await inspect(migrator);
  refuseFindings(findings);
  if (pending.length === 0) return [];
  throw new MigrateError("refused", `${pending.length} migrations are pending.`, {
    hint: "Apply them with `bun run db up`.",
  });
}

function databaseFile({ DATA_DIR }: DatabaseEnv): string {
  return resolve(DATA_DIR, "app.db");
}
