// Opens the stores, then lists the middleware and the routes in the order in which they run.
import { Hono } from "hono";
import { cors } from "hono/cors";
import { type HttpEnv, notFound, problems, requestChecks, requestLog } from "#lib/http";
import { healthRoutes, type Service } from "#lib/service";
import type { Env } from "./env.ts";
import { Hub } from "./features/chat/hub.ts";
import { chatRoutes } from "./features/chat/routes.ts";
import { openStores, toProblem } from "./features/chat/stores.ts";
// #region page
import { chatPage } from "./features/page/routes.ts";
// #endregion
import { sessionRoutes } from "./features/session/routes.ts";
import { openSessionSecret } from "./features/session/secret.ts";

export async function createApp(env: Env, service: Service) {
  const secret = await openSessionSecret(env);
  const hub = new Hub(env, service);
  const stores = openStores(env, hub);
  const chat = { hub, stores };
  service.use(stores.log);
  service.use(stores.presence);

  const app = new Hono<HttpEnv>();
  const routes = app
    .onError(problems({ expose: env.NODE_ENV !== "production", toProblem }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .use(requestChecks(env, env.ALLOWED_ORIGINS))
    .route("/", healthRoutes(service))
    // #region page
    .route("/", await chatPage(env))
    // #endregion
    .use("/api/session", cors({ origin: [...env.ALLOWED_ORIGINS], credentials: true }))
    .route("/", sessionRoutes(secret, chat))
    .route("/", chatRoutes(env, secret, chat, service));
  return routes;
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;
