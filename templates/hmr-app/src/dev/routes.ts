// Routes below /_bun, for the script that Bun adds to the page: scripts, styles, source maps, and the WebSocket of edits.
import { Hono } from "hono";
import type { HttpEnv } from "#lib/http";
import { upgradeWebSocket } from "#lib/websocket";
import { connectToBundler, forward } from "./bundler.ts";
// #region workarounds
import { buildErrorRoutes } from "./workarounds/build-error-page.ts";
import { errorReportRoutes } from "./workarounds/error-locations.ts";

// #endregion

/** Replaces a script that only a previous process could serve, and reloads the page. */
const RELOAD_SCRIPT = "location.reload();";

export function bundlerRoutes() {
  const routes = new Hono<HttpEnv>()
    // #region workarounds
    .route("/", buildErrorRoutes())
    .route("/", errorReportRoutes())
    // #endregion
    .get("/_bun/hmr", async (c) => {
      const bundler = await connectToBundler("/_bun/hmr");
      try {
        return upgradeWebSocket(c, { bundler });
      } catch (error) {
        bundler.close();
        throw error;
      }
    })
    .all("/_bun/*", async (c) => {
      const response = await forward(c.req.raw);
      if (response.status !== 404 || !c.req.path.endsWith(".js")) return response;
      const headers = { "content-type": "text/javascript", "cache-control": "no-store" };
      return new Response(RELOAD_SCRIPT, { headers });
    });
  return routes;
}
