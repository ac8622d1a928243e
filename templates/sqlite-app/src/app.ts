// Opens the database, then lists the middleware and the routes in the order in which they run.
import { Hono } from "hono";
import { type HttpEnv, notFound, problems, requestLog } from "#lib/http";
import { log } from "#lib/log";
import { healthRoutes, type Service, StartError } from "#lib/service";
import { openStore, prepareSchema } from "./database.ts";
import type { Env } from "./env.ts";
import { articleRoutes } from "./features/articles/routes.ts";
import { sessionRoutes } from "./features/sessions/routes.ts";
import { transferRoutes } from "./features/transfer/routes.ts";
import { Passwords } from "./features/users/passwords.ts";
import { userRoutes } from "./features/users/routes.ts";
import { MigrateError } from "./migrate/errors.ts";
import { toProblem } from "./store/outage.ts";

export async function createApp(env: Env, service: Service) {
  await prepareDatabase(env, service);
  const store = service.use(openStore(env, service.metrics));
  const passwords = new Passwords(env);

  const app = new Hono<HttpEnv>();
  return app
    .onError(problems({ expose: env.NODE_ENV !== "production", toProblem }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .route("/", healthRoutes(service))
    .route("/", userRoutes(store, passwords))
    .route("/", sessionRoutes(env, store, passwords))
    .route("/", articleRoutes(store))
    .route("/", transferRoutes(env, store));
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;

/** @throws {StartError} if the schema is not the one that this code was written for and cannot be migrated. */
async function prepareDatabase(env: Env, { metrics }: Service): Promise<void> {
  try {
    const { applied, total } = await prepareSchema(env, { migrate: env.MIGRATE_ON_START });
    metrics.gauge({
      name: "db_migrations_applied",
      help: "Migrations that are applied to the database.",
      read: () => total,
    });
    if (applied.length > 0) log.info("applied {migrations}", { migrations: applied.join(", ") });
  } catch (cause) {
    if (!(cause instanceof MigrateError)) throw cause;
    throw new StartError(cause.message, cause.hint, { cause });
  }
}
