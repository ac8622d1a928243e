// Picks the database by the environment: the file in DATA_DIR, or PostgreSQL when DATABASE_URL is set.
import { extname, join, resolve } from "node:path";
import type { DatabaseEnv } from "./env.ts";
import { MigrateError, refuseFindings } from "./migrate/errors.ts";
import { inspect, type Migrator, migrateUp } from "./migrate/index.ts";
import { PostgresTarget } from "./migrate/postgres.ts";
import { SqliteTarget } from "./migrate/sqlite.ts";
import { PostgresStore } from "./store/postgres.ts";
import { SqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";

/** Next to this file: `.ts` in the sources, `.js` in the bundle. */
const IMPORT_SCRIPT = join(import.meta.dir, `import-worker${extname(import.meta.path)}`);

export function openMigrator(env: DatabaseEnv): Migrator {
  const { DATABASE_URL: url } = env;
  const target = url ? new PostgresTarget(url) : new SqliteTarget(databaseFile(env));
  return { target, directory: join(env.MIGRATIONS_DIR, target.engine) };
}

export function openStore(env: DatabaseEnv): Store {
  if (env.DATABASE_URL) return new PostgresStore(env.DATABASE_URL);
  return new SqliteStore(databaseFile(env), { importScript: IMPORT_SCRIPT });
}

/**
 * Makes sure that the schema is the one that this code was written for, by migrating or only by looking.
 * Returns the names of what was applied now.
 * @throws {MigrateError} when it is not and can't be made so: too new, changed, pending, a migration that fails.
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
    hint: "`bun run db up` applies them.",
  });
}

function databaseFile({ DATA_DIR }: DatabaseEnv): string {
  return resolve(DATA_DIR, "app.db");
}
