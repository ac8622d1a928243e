// The page in development, as Bun's bundler builds it, with React Fast Refresh.
import { Hono, type MiddlewareHandler } from "hono";
import type { HttpEnv } from "#lib/http";
import type { PageSource } from "../features/page/routes.ts";
import { reloadAfterEdit } from "./build-error-page.ts";
import { forward, restartBundler, runningBundler, served } from "./bundler.ts";
import { sourcesFingerprint } from "./sources.ts";

/** How often the page is built again because of an edit during its first build. */
const MAX_REBUILDS = 3;

const index: MiddlewareHandler = async (c) => {
  const { response, fingerprint } = await buildPage(c.req.raw);
  return response.status === 500 ? reloadAfterEdit(response, fingerprint) : response;
};

/**
 * Without the headers of the built page: Bun's client and its error page run inline code, which the
 * Content-Security-Policy would block, and send beacons, which `Referrer-Policy` would leave without an Origin.
 */
export const devPage: PageSource = { index, assets: new Hono<HttpEnv>() };

/** Returns the page, and the fingerprint of the sources before it was built. */
async function buildPage(request: Request): Promise<{ response: Response; fingerprint: string }> {
  for (let rebuilds = MAX_REBUILDS; ; rebuilds -= 1) {
    const fingerprint = await sourcesFingerprint();
    served.fingerprint = fingerprint;
    const bundler = await runningBundler();
    const response = await forward(request);
    // A file saved during the first build may already have been read but not be watched yet.
    const isCurrent =
      bundler.isWarm || rebuilds === 0 || (await sourcesFingerprint()) === fingerprint;
    bundler.isWarm = true;
    if (isCurrent) return { response, fingerprint };
    restartBundler("a file was saved during the first build");
  }
}
