// Lists the middleware and the routes in the order in which they run.
import { join } from "node:path";
import { Hono } from "hono";
import { type HttpEnv, notFound, problems, requestLog } from "#lib/http";
import { healthRoutes, type Service } from "#lib/service";
import type { Env } from "./env.ts";
import { counterRoutes } from "./features/counter/routes.ts";
import { liveRoutes } from "./features/live/routes.ts";
import { openBuiltPage } from "./features/page/built-page.ts";
import { type PageSource, pageRoutes } from "./features/page/routes.ts";

/** The build. From src/ and from the bundle in dist/ alike, it is in the project's dist/public/. */
const BUILT_PAGE = join(import.meta.dir, "../dist/public");

/** @param devPage the page in development; in production it is the build. */
export async function createApp(env: Env, service: Service, devPage?: PageSource) {
  const page = devPage ?? (await openBuiltPage(BUILT_PAGE));

  const app = new Hono<HttpEnv>();
  return app
    .onError(problems({ expose: env.NODE_ENV !== "production" }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .route("/", healthRoutes(service))
    .route("/", counterRoutes())
    .route("/", liveRoutes(service))
    .route("/", pageRoutes(page));
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;
