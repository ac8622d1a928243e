// Serves the page in development. Bun's development server builds it, with React Fast Refresh.
import { type Context, Hono, type MiddlewareHandler } from "hono";
import type { HttpEnv } from "#lib/http";
import { directives, securityHeaders } from "../features/page/policy.ts";
import type { PageSource } from "../features/page/routes.ts";
import { forward } from "./bundler.ts";
// #region workarounds
import {
  isBuildError,
  reloadAfterEdit,
  sourcesFingerprint,
} from "./workarounds/build-error-page.ts";
import { rememberPage } from "./workarounds/late-subscription.ts";

// #endregion

/** The script that Bun adds to each page. It notifies the server when the page is hidden. */
const BUN_SCRIPT = /<script>([^<]*bun:loadData[^<]*)<\/script>/;

const index: MiddlewareHandler = async (c) => {
  // #region workarounds
  const fingerprint = await sourcesFingerprint();
  // #endregion
  const response = await forward(c.req.raw);
  // #region workarounds
  if (isBuildError(response)) return reloadAfterEdit(response, fingerprint);
  // #endregion
  return withPolicy(c, response);
};

/**
 * Adds the policy of production, so that violations show up before the deployment, and extends it for hot reload: edits
 * arrive as blob: scripts, Bun adds an inline script, and its overlay has inline styles.
 */
async function withPolicy(c: Context, response: Response): Promise<Response> {
  const html = await response.text();
  // #region workarounds
  if (c.req.method === "GET") rememberPage(html);
  // #endregion
  const inline = BUN_SCRIPT.exec(html)?.[1] ?? "";
  const hash = new Bun.CryptoHasher("sha256").update(inline).digest("base64");
  const policy = {
    ...directives,
    scriptSrc: [...directives.scriptSrc, "blob:", `'sha256-${hash}'`],
    styleSrc: [...directives.styleSrc, "'unsafe-inline'"],
  };
  // With the referrer policy of production, browsers send the beacons of Bun's script without their Origin, and admission
  // would refuse them.
  const setHeaders = securityHeaders(policy, { referrerPolicy: "same-origin" });
  const complete = async () => {
    c.res = new Response(html, response);
  };
  await setHeaders(c, complete);
  return c.res;
}

export const devPage: PageSource = { index, assets: new Hono<HttpEnv>() };
