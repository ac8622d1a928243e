// The app in development: refuses requests of other origins, and routes those of Bun's script in the page to the bundler.
import { Hono, type MiddlewareHandler } from "hono";
import { type HttpEnv, problems } from "#lib/http";
import type { WebApp } from "#lib/service";
import type { Env } from "../env.ts";
import { trustProxies } from "../origin.ts";
import { ownPagesOnly } from "./admission.ts";
import { bundlerRoutes } from "./routes.ts";

/** Wraps `app`, whose request log therefore omits the requests of Bun's script. */
export function createDevApp(app: WebApp, env: Env): WebApp {
  return new Hono<HttpEnv>()
    .onError(problems({ expose: true }))
    .use(addRequestId)
    .use(trustProxies(env))
    .use(ownPagesOnly())
    .route("/", bundlerRoutes())
    .all("*", (c) => app.fetch(c.req.raw, c.env));
}

/** Middleware: adds an `x-request-id` to the responses that do not come from `app`, such as those of the bundler. */
const addRequestId: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.set("requestId", crypto.randomUUID());
  await next();
  const { headers } = c.res;
  if (!headers.has("x-request-id")) headers.set("x-request-id", c.get("requestId"));
};
