// Opens the database, then lists the middleware and the routes in the order in which they run.
import { Hono } from "hono";
import { type HttpEnv, notFound, problems, requestChecks, requestLog } from "#lib/http";
import { log, notice } from "#lib/log";
// #region openapi
import { openapiRoutes } from "#lib/openapi";
// #endregion
import { healthRoutes, type Service, StartError } from "#lib/service";
// #region openapi
import { name, version } from "../package.json";
// #endregion
import { openStores } from "./database.ts";
import type { Env } from "./env.ts";
// #region articles
import { articleRoutes } from "./features/articles/routes.ts";
// #endregion
// #region openapi
import { operations } from "./features/openapi/operations.ts";
// #endregion
import { sessionRoutes } from "./features/sessions/routes.ts";
// #region transfer
import { transferRoutes } from "./features/transfer/routes.ts";
// #endregion
import { PasswordLimit } from "./features/users/password-limit.ts";
import { Passwords } from "./features/users/passwords.ts";
import { userRoutes } from "./features/users/routes.ts";
import { MigrateError } from "./migrate/errors.ts";
import { prepareSchema } from "./migrator.ts";
import { StaticPathRouter } from "./router.ts";
import { toProblem } from "./store/outage.ts";

// #region openapi
const securitySchemes = { bearer: { type: "http", scheme: "bearer" } } as const;
// #endregion

export async function createApp(env: Env, service: Service) {
  await prepareDatabase(env, service);
  // `/readyz` asks the stores, and the shutdown closes them.
  const stores = service.use(openStores(env, service.metrics, env.KEEP_ALIVE_TIMEOUT_S));
  const passwords = new Passwords(env);
  const limit = new PasswordLimit(env);

  // Hono's own router is slower if a static path and a parameter can match the same URL.
  const app = new Hono<HttpEnv>({ router: new StaticPathRouter() });
  const routes = app
    .onError(problems({ expose: env.NODE_ENV !== "production", toProblem }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .use(requestChecks(env))
    .route("/", healthRoutes(service))
    // #region openapi
    .route("/", openapiRoutes(app, { title: name, version, operations, securitySchemes }))
    // #endregion
    // #region articles
    .route("/", articleRoutes(stores.users, stores.articles))
    // #endregion
    // #region transfer
    .route("/", transferRoutes(env, stores.users, stores.transfer))
    // #endregion
    .route("/", userRoutes(stores.users, passwords, limit))
    .route("/", sessionRoutes(env, stores.users, passwords, limit));
  return routes;
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;

/** Migrates the database if necessary. @throws {StartError} if its schema does not fit this code and cannot be migrated. */
async function prepareDatabase(env: Env, { metrics }: Service): Promise<void> {
  try {
    const options = { migrate: env.MIGRATE_ON_START };
    const { location, applied, total } = await prepareSchema(env, options);
    // A notice is logged at every LOG_LEVEL: only this line shows that a misspelled DATA_DIR gave a new, empty database.
    notice.info(`database ${location}`);
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
