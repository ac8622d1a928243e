// Everything that this service is made of, in the order in which a request meets it.
import { join } from "node:path";
import { Hono } from "hono";
import { clientAddress, type HttpEnv, notFound, problems, requestLog } from "#lib/http";
import { pageRoutes } from "#lib/page";
import { rateLimit } from "#lib/rate-limit";
import { healthRoutes, type Service } from "#lib/service";
import type { Env } from "./env.ts";
import { analysisRoutes } from "./features/analysis/routes.ts";
import { Broadcaster } from "./features/events/broadcaster.ts";
import { eventRoutes } from "./features/events/routes.ts";
import { openMessageStore } from "./features/messages/open.ts";
import { messageRoutes } from "./features/messages/routes.ts";
import { openapiRoutes } from "./features/openapi/routes.ts";
import { uploadRoutes } from "./features/uploads/routes.ts";
import { openUploadStore } from "./features/uploads/store.ts";
import { allowOrigins } from "./origins.ts";

/** Files that are loaded by path; the build writes them to the same place below dist/. */
const FEATURES = join(import.meta.dir, "features");

export async function createApp(env: Env, service: Service) {
  const messages = service.use(await openMessageStore(env));
  const broadcaster = service.use(Broadcaster.open(messages, env.HEARTBEAT_MS, service.metrics));
  const uploads = service.use(await openUploadStore(env));

  const app = new Hono<HttpEnv>();
  return app
    .onError(problems({ expose: env.NODE_ENV !== "production" }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .use(allowOrigins(env.CORS_ORIGINS))
    .use("/api/*", rateLimit({ perMinute: env.RATE_LIMIT, client: clientAddress(env) }))
    .route("/", healthRoutes(service))
    .route("/", messageRoutes(messages, service.metrics))
    .route("/", eventRoutes(env, messages, broadcaster, service))
    .route("/", uploadRoutes(uploads))
    .route("/", analysisRoutes(env, uploads, service, join(FEATURES, "analysis/worker")))
    .route("/", openapiRoutes())
    .route("/", await pageRoutes(join(FEATURES, "page/index.html")));
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;
