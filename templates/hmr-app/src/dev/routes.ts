// Routes below /_bun: scripts, styles and source maps, the WebSocket of edits, and error reports.
import { Hono } from "hono";
import { type HttpEnv, upgradeWebSocket } from "#lib/http";
import { BUILD_ERROR_POLL_PATH } from "./build-error-page.ts";
import { connectToBundler, forward, served } from "./bundler.ts";
import { openRelay } from "./hmr-relay.ts";
import { REPORT_PATH, reportError } from "./source-maps.ts";
import { sourcesFingerprint } from "./sources.ts";

/** Replaces a script that only a previous bundler knew: the page has to be loaded again. */
const RELOAD_SCRIPT = "location.reload();";

export function bundlerRoutes() {
  return new Hono<HttpEnv>()
    .get(BUILD_ERROR_POLL_PATH, async (c) => c.text(await sourcesFingerprint()))
    .post(REPORT_PATH, async (c) => reportError(await c.req.arrayBuffer()))
    .get("/_bun/hmr", async (c) => {
      const bundler = await connectToBundler("/_bun/hmr");
      try {
        return upgradeWebSocket(c, openRelay(bundler, served.fingerprint));
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
}
