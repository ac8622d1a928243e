// The app in development: refuses requests of other origins, and routes those of Bun's script in the page to the bundler.
import { Hono, type MiddlewareHandler } from "hono";
import { type HttpEnv, problems, requestChecks } from "#lib/http";
import type { WebApp } from "#lib/service";
import type { Env } from "../env.ts";
import { refuseForeignPages } from "./admission.ts";
import { forward } from "./bundler.ts";
import { relayRoutes } from "./hmr-relay.ts";
// #region workarounds
import { buildErrorRoutes } from "./workarounds/build-error-page.ts";
import { errorReportRoutes } from "./workarounds/error-locations.ts";
import { runEditsInOrder } from "./workarounds/update-order.ts";

// #endregion

/** Wraps `app`, whose request log therefore omits the requests of Bun's script. */
export function createDevApp(app: WebApp, env: Env): WebApp {
  const dev = new Hono<HttpEnv>()
    .onError(problems({ expose: true }))
    .use(addRequestId)
    .use(requestChecks(env))
    .use(refuseForeignPages)
    // #region workarounds
    .route("/", buildErrorRoutes())
    .route("/", errorReportRoutes())
    // #endregion
    .route("/", relayRoutes())
    // Scripts, styles and source maps.
    .all("/_bun/*", async (c) => {
      const response = await forward(c.req.raw);
      if (!c.req.path.endsWith(".js")) return response;
      // #region workarounds
      if (response.ok) return runEditsInOrder(response);
      // #endregion
      if (response.status !== 404) return response;
      // A script of a previous bundler: its page is outdated, so it reloads.
      const headers = { "content-type": "text/javascript", "cache-control": "no-store" };
      return new Response("location.reload();", { headers });
    })
    .all("*", (c) => app.fetch(c.req.raw, c.env));
  return dev;
}

/** Middleware: adds an `x-request-id` to the responses that do not come from `app`, such as those of the bundler. */
const addRequestId: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.set("requestId", crypto.randomUUID());
  await next();
  const { headers } = c.res;
  if (!headers.has("x-request-id")) headers.set("x-request-id", c.get("requestId"));
};
