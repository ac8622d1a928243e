// The app of the tests, which do not depend on the project's own.
import { join } from "node:path";
import { Hono } from "hono";
import { type HttpEnv, notFound, problems, requestChecks, requestLog } from "#lib/http";
import { healthRoutes, type Service } from "#lib/service";
import type { Env } from "./env.ts";
import { counterRoutes } from "./features/counter/routes.ts";
import { openBuiltPage } from "./features/page/built-page.ts";
import { type PageSource, pageRoutes } from "./features/page/routes.ts";
import { socketRoutes } from "./features/socket/routes.ts";
import { hotModules } from "./hot.ts";

const isBundle = import.meta.file !== "app.ts";
const BUILT_PAGE = join(import.meta.dir, isBundle ? "public" : "../dist/public");

export async function createApp(env: Env, service: Service, devPage?: PageSource) {
  service.use(hotModules(service));
  const page = devPage ?? (await openBuiltPage(BUILT_PAGE));
  const app = new Hono<HttpEnv>();
  return app
    .onError(problems({ expose: env.NODE_ENV !== "production" }))
    .notFound(notFound(app))
    .use(requestLog(service.metrics))
    .use(requestChecks(env))
    .route("/", healthRoutes(service))
    .route("/", counterRoutes())
    .route("/", socketRoutes(service))
    .route("/", pageRoutes(page));
}
