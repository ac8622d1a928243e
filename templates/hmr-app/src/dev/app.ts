// The app in development: foreign requests are refused, and Bun's client in the page reaches the bundler.
import { Hono, type MiddlewareHandler } from "hono";
import { type HttpEnv, problems } from "#lib/http";
import type { WebApp } from "#lib/service";
import { ownPagesOnly } from "./admission.ts";
import { bundlerRoutes } from "./routes.ts";

/** The requests of Bun's client are not logged. */
export function createDevApp(app: WebApp): WebApp {
  return new Hono<HttpEnv>()
    .onError(problems({ expose: true }))
    .use(requestIds)
    .use(ownPagesOnly())
    .route("/", bundlerRoutes())
    .all("*", (c) => app.fetch(c.req.raw, c.env));
}

/** Middleware: adds an `x-request-id` to the responses that do not come from `app`, such as those of the bundler. */
const requestIds: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.set("requestId", crypto.randomUUID());
  await next();
  const { headers } = c.res;
  if (!headers.has("x-request-id")) headers.set("x-request-id", c.get("requestId"));
};
