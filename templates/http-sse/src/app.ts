// Opens the stores, then lists the middleware in the order in which it runs, and the routes in the order in which they are tried.
import { Hono } from "hono";
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
import { analysisRoutes, openAnalysisPool } from "./features/jobs/analysis-routes.ts";
import { Jobs } from "./features/jobs/jobs.ts";
import { jobRoutes } from "./features/jobs/routes.ts";
// #endregion
import { openMessageStore } from "./features/messages/open.ts";
import { messageRoutes } from "./features/messages/routes.ts";
// #region openapi
import { describeRoutes } from "./features/openapi/routes.ts";
// #endregion
// #region uploads
import { uploadRoutes } from "./features/uploads/routes.ts";
import { openUploadStore } from "./features/uploads/store.ts";
// #endregion
import { rateLimit } from "./rate-limit.ts";

// #region jobs
/** worker.ts in src/, worker.js in dist/. Declared here: `import.meta.dir` of every module of the bundle is dist/. */
const WORKER = `${import.meta.dir}/features/jobs/worker`;
// #endregion
// #region page
/** Declared here: `import.meta.dir` of every module of the bundle is dist/. */
const PAGE = `${import.meta.dir}/features/page/index.html`;
// #endregion

export async function createApp(env: Env, service: Service) {
  const messages = service.use(await openMessageStore(env));
  const broadcaster = service.use(new Broadcaster(messages, env.HEARTBEAT_MS, service.metrics));
  // #region uploads
  const uploads = service.use(await openUploadStore(env));
  // #endregion
  // #region jobs
  // `service` closes what it uses in reverse order: the pool closes after the jobs that it runs.
  const pool = service.use(openAnalysisPool(env, WORKER));
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
    .route("/", uploadRoutes(uploads))
    // #endregion
    // #region jobs
    .route("/", jobRoutes(jobs))
    .route("/", analysisRoutes(pool, jobs, uploads))
    // #endregion
    // #region openapi
    .route("/", describeRoutes(app))
    // #endregion
    // #region page
    .route("/", await pageRoutes(PAGE))
    // #endregion
    .route("/", healthRoutes(service));
  return routes;
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;
