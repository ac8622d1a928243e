// Lists the middleware and the routes in the order in which they run.
import { join } from "node:path";
import { Hono } from "hono";
import { type HttpEnv, notFound, problems, requestChecks, requestLog } from "#lib/http";
import { healthRoutes, type Service } from "#lib/service";
import type { Env } from "./env.ts";
import { counterRoutes } from "./features/counter/routes.ts";
// #region live
import { liveRoutes } from "./features/live/routes.ts";
// #endregion
import { noteRoutes } from "./features/notes/routes.ts";
import { openBuiltPage } from "./features/page/built-page.ts";
import { type PageSource, pageRoutes } from "./features/page/routes.ts";
import { hotModules } from "./hot.ts";

const isBundle = import.meta.file !== "app.ts";
/** Folder of the built page. Relative to this file and not to the working directory, so that dist/ may be moved. */
const BUILT_PAGE = join(import.meta.dir, isBundle ? "public" : "../dist/public");

/** @param devPage the page in development. In production, the page comes from the build. */
export async function createApp(env: Env, service: Service, devPage?: PageSource) {
  service.use(hotModules(service));
  const page = devPage ?? (await openBuiltPage(BUILT_PAGE));

  const app = new Hono<HttpEnv>();
  const routes = app
    .onError(problems({ expose: env.NODE_ENV !== "production" }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .use(requestChecks(env))
    .route("/", healthRoutes(service))
    .route("/", counterRoutes())
    .route("/", noteRoutes())
    // #region live
    .route("/", liveRoutes(service))
    // #endregion
    .route("/", pageRoutes(page));
  return routes;
}

/** For a typed client: `hc<App>(url)`. */
export type App = Awaited<ReturnType<typeof createApp>>;
