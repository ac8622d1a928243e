// Opens the stores, then lists the middleware in the order in which it runs, and the routes in the order in which they are tried.
// Paths of files are built here: in the bundle, `import.meta.dir` is dist/ in every module, so other modules cannot build them.
import { join } from "node:path";
import { Hono } from "hono";
import { dataDirError } from "#lib/data-dir";
import { notFound, problems, requestChecks, requestLog } from "#lib/http";
// #region page
import { pageRoutes } from "#lib/page";
// #endregion
import { healthRoutes, type Service } from "#lib/service";
import type { AppEnv } from "./access.ts";
import { allowOrigins } from "./cors.ts";
import type { Env } from "./env.ts";
// #region auth
import { authenticate } from "./features/auth/authenticate.ts";
// #endregion
import { Broadcaster } from "./features/events/broadcaster.ts";
import { eventRoutes } from "./features/events/routes.ts";
// #region jobs
import { analysisRoutes } from "./features/jobs/analysis-routes.ts";
import { Jobs } from "./features/jobs/jobs.ts";
import { Pool } from "./features/jobs/pool.ts";
import { jobRoutes } from "./features/jobs/routes.ts";
import type { Result } from "./features/jobs/worker.ts";
// #endregion
// #region redis
import { RedisMessages } from "./features/messages/redis.ts";
// #endregion
import { messageRoutes } from "./features/messages/routes.ts";
import { SqliteMessages } from "./features/messages/sqlite.ts";
import type { MessageStore } from "./features/messages/store.ts";
// #region openapi
import { describeRoutes } from "./features/openapi/routes.ts";
// #endregion
// #region uploads
import { uploadRoutes } from "./features/uploads/routes.ts";
import { UploadStore } from "./features/uploads/store.ts";
// #endregion
import { rateLimit } from "./rate-limit.ts";

export async function createApp(env: Env, service: Service) {
  const messages = service.use(await openStore(env, () => openMessages(env)));
  const broadcaster = service.use(new Broadcaster(messages, env.HEARTBEAT_MS, service.metrics));
  // #region uploads
  const openUploads = () => UploadStore.open(join(env.DATA_DIR, "uploads"), env.MAX_UPLOAD_BYTES);
  const uploads = service.use(await openStore(env, openUploads));
  // #endregion
  // #region jobs
  // `service` closes what it uses in reverse order: the pool closes after the jobs that it runs.
  const pool = service.use(
    new Pool<string, Result>({
      // Without its extension: worker.ts in src/, worker.js in dist/.
      worker: join(import.meta.dir, "features/jobs/worker"),
      size: env.JOB_WORKERS,
      queue: env.JOB_QUEUE,
      timeoutMs: env.JOB_TIMEOUT_MS,
    }),
  );
  const jobs = service.use(new Jobs(messages, service.metrics));
  // #endregion

  const app = new Hono<AppEnv>();
  const routes = app
    .onError(problems({ expose: env.NODE_ENV !== "production" }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .use(requestChecks(env, env.CORS_ORIGINS))
    // No middleware if CORS_ORIGINS is empty.
    .use("*", ...allowOrigins(env.CORS_ORIGINS))
    .use("/api/*", rateLimit(env))
    // #region auth
    // No middleware without AUTH_SECRET and AUTH_JWKS.
    .use("*", ...(await authenticate(env)))
    // #endregion
    .route("/", messageRoutes(messages, service.metrics))
    .route("/", eventRoutes(env, messages, broadcaster, service))
    // #region uploads
    .route("/", uploadRoutes(env, uploads))
    // #endregion
    // #region jobs
    .route("/", jobRoutes(jobs))
    .route("/", analysisRoutes(pool, jobs, uploads))
    // #endregion
    // #region openapi
    .route("/", describeRoutes(app))
    // #endregion
    // #region page
    .route("/", await pageRoutes(join(import.meta.dir, "features/page/index.html")))
    // #endregion
    .route("/", healthRoutes(service));
  return routes;
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;

async function openMessages(env: Env): Promise<MessageStore> {
  // #region redis
  if (env.REDIS_URL !== undefined) {
    return await RedisMessages.open(env.REDIS_URL, env.REDIS_KEY, env.MESSAGES_KEEP);
  }
  // #endregion
  return new SqliteMessages(join(env.DATA_DIR, "messages.db"), env.MESSAGES_KEEP);
}

/** Runs `open`. A `StartError` of `open` is passed on. Any other error becomes a `StartError` about `DATA_DIR`. */
async function openStore<Store>({ DATA_DIR }: Env, open: () => Promise<Store>): Promise<Store> {
  try {
    return await open();
  } catch (cause) {
    throw dataDirError(DATA_DIR, cause);
  }
}
