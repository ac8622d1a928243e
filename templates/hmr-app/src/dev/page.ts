// Serves the page in development. The bundler builds it, with React Fast Refresh.
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import type { HttpEnv } from "#lib/http";
import { log } from "#lib/log";
import { directives, securityHeaders } from "../features/page/policy.ts";
import type { PageSource } from "../features/page/routes.ts";
import { forward } from "./bundler.ts";
// #region workarounds
import { errorPage } from "./workarounds/build-error-page.ts";

// #endregion

/** The inline script that Bun adds to each page. It notifies the bundler when the page is hidden. */
const BUN_SCRIPT = /<script>([^<]*bun:loadData[^<]*)<\/script>/;

const bundledPage: MiddlewareHandler = async (c) => {
  const response = await forward(c.req.raw);
  const isPage = response.ok && response.headers.get("content-type")?.startsWith("text/html");
  // Bun's own error page does not work under the policy.
  return isPage ? withPolicy(c, response) : response;
};

const index = every(
  // #region workarounds
  errorPage,
  // #endregion
  bundledPage,
);

/**
 * Adds the policy of production, so that violations show up before the deployment, and extends it for hot reload: edits
 * arrive as blob: scripts, Bun adds an inline script, and its overlay has inline styles.
 */
async function withPolicy(c: Context, response: Response): Promise<Response> {
  const html = await response.text();
  const inline = BUN_SCRIPT.exec(html)?.[1];
  // The policy then blocks the script, and only the console of the browser would show it.
  if (inline === undefined && c.req.method === "GET") {
    log.error("the policy blocks Bun's inline script: adapt BUN_SCRIPT in src/dev/page.ts");
  }
  const hash = new Bun.CryptoHasher("sha256").update(inline ?? "").digest("base64");
  const policy = {
    ...directives,
    scriptSrc: [...directives.scriptSrc, "blob:", `'sha256-${hash}'`],
    styleSrc: [...directives.styleSrc, "'unsafe-inline'"],
  };
  // Runs Hono's middleware as a function: `next` sets the response that it adds headers to.
  const next = async () => {
    c.res = new Response(html, response);
  };
  await securityHeaders(policy)(c, next);
  return c.res;
}

export const devPage: PageSource = { index, assets: new Hono<HttpEnv>() };
