// Everything that this service is made of, in the order in which a request meets it.
import { join } from "node:path";
import { Hono } from "hono";
import { type HttpEnv, notFound, problems, requestLog } from "#lib/http";
import { pageRoutes } from "#lib/page";
import { healthRoutes, type Service } from "#lib/service";
import type { Env } from "./env.ts";
import { Hub } from "./features/chat/hub.ts";
import { chatRoutes } from "./features/chat/routes.ts";
import { openStore } from "./features/chat/store/open.ts";
import { sessionRoutes } from "./features/session/routes.ts";
import { openSessionSecret } from "./features/session/secret.ts";

export async function createApp(env: Env, service: Service) {
  const secret = await openSessionSecret(env);
  const store = service.use(await openStore(env));
  const hub = new Hub(env, store, service);

  const app = new Hono<HttpEnv>();
  return app
    .onError(problems({ expose: env.NODE_ENV !== "production" }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .route("/", healthRoutes(service))
    .route("/", sessionRoutes(secret))
    .route("/", chatRoutes(env, secret, hub))
    .route("/", await pageRoutes(join(import.meta.dir, "features/page/index.html")));
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;
