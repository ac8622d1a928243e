// The app in development: refuses requests of foreign pages, forwards the requests of Bun's script in the page to the bundler,
// and serves the page, which the bundler builds with React Fast Refresh.
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import { type HttpEnv, problems, requestChecks } from "#lib/http";
import { log } from "#lib/log";
import type { WebApp } from "#lib/service";
import type { Env } from "../env.ts";
import { directives, securityHeaders } from "../features/page/policy.ts";
import type { PageSource } from "../features/page/routes.ts";
import { refuseForeignPages } from "./admission.ts";
import { forward } from "./bundler.ts";
import { relayRoutes } from "./hmr-relay.ts";
// #region workarounds
import { buildErrorRoutes, errorPage } from "./workarounds/build-error-page.ts";
import { evaluateImporters } from "./workarounds/derived-values.ts";
import { errorReportRoutes } from "./workarounds/error-locations.ts";
import { provideReexports } from "./workarounds/re-exports.ts";
import { runEditsInOrder } from "./workarounds/update-order.ts";

// #endregion

/** Wraps `app`. It handles the requests of Bun's script itself, so the request log of `app` does not have them. */
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
      if (response.ok) {
        const script = evaluateImporters(runEditsInOrder(await response.text()));
        response.headers.delete("content-length");
        return new Response(provideReexports(script), response);
      }
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

/** A second script of Bun, inline in each page. It notifies the bundler when the page is hidden. */
const BUN_SCRIPT = /<script>([^<]*bun:loadData[^<]*)<\/script>/;

const bundledPage: MiddlewareHandler = async (c) => {
  const response = await forward(c.req.raw);
  const isPage = response.ok && response.headers.get("content-type")?.startsWith("text/html");
  // Bun's own error page does not work under the policy.
  return isPage ? withPolicy(c, response) : response;
};

/**
 * Adds the policy of production, so that violations show up before the deployment, and extends it for hot reload: edits
 * arrive as blob: scripts, Bun adds an inline script, and its overlay has style attributes. Style elements stay refused.
 */
async function withPolicy(c: Context, response: Response): Promise<Response> {
  const html = await response.text();
  const inline = BUN_SCRIPT.exec(html)?.[1];
  // Without its hash, the policy blocks the script, which only the browser's console would show.
  if (inline === undefined && c.req.method === "GET") {
    log.error("the policy blocks Bun's inline script: adapt BUN_SCRIPT in src/dev/app.ts");
  }
  const hash = new Bun.CryptoHasher("sha256").update(inline ?? "").digest("base64");
  const policy = {
    ...directives,
    scriptSrc: [...directives.scriptSrc, "blob:", `'sha256-${hash}'`],
    styleSrcAttr: ["'unsafe-inline'"],
  };
  // Calls Hono's middleware directly: it awaits this `next`, which sets the response, and then adds its headers to `c.res`.
  await securityHeaders(policy)(c, async () => {
    c.res = new Response(html, response);
  });
  return c.res;
}

export const devPage: PageSource = {
  index: every(
    // #region workarounds
    errorPage,
    // #endregion
    bundledPage,
  ),
  assets: new Hono<HttpEnv>(),
};
