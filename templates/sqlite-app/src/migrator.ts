// Selects the database by the environment, and migrates it or checks that it is migrated.
import { join, resolve } from "node:path";
import type { DatabaseEnv } from "./env.ts";
import { DB_COMMAND, MigrateError, refuseFindings } from "./migrate/errors.ts";
import { inspect, type Migrator, migrateUp } from "./migrate/index.ts";
// #region postgres
import { PostgresTarget } from "./migrate/postgres.ts";
// #endregion
import { SqliteTarget } from "./migrate/sqlite.ts";
import type { Target } from "./migrate/target.ts";

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

/**
 * Ensures that the schema fits this code. With `migrate`, pending migrations are applied; without it, they are refused.
 * @returns the database as messages describe it, the migrations that were applied, and the number of all applied ones.
 * @throws {MigrateError} if migrations are pending or fail, a file was changed, or the database is newer than the code.
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

export function databaseFile({ DATA_DIR }: DatabaseEnv): string {
  return resolve(DATA_DIR, "app.db");
}
