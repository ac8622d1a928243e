// Decides which requests the development server accepts, in addition to the Host check in lib/.
import type { Context, MiddlewareHandler } from "hono";
import { Problem } from "#lib/http";
import { requireOwnOrigin } from "../origin.ts";

/**
 * Middleware: refuses every request of a page of another origin, because the server also serves the page's source
 * code. `Sec-Fetch-Site` covers requests that have no Origin, such as those of scripts and images; browsers send it only
 * to HTTPS and loopback addresses. Another port of localhost is the same site, so "same-site" is foreign, too.
 * @throws {Problem} 403
 */
export function ownPagesOnly(): MiddlewareHandler {
  return (c, next) => {
    requireOwnOrigin(c);
    const site = c.req.header("sec-fetch-site") ?? "none";
    const isOwn = site === "same-origin" || site === "none";
    if (isOwn || isTopLevelNavigation(c)) return next();
    throw new Problem(403, "Requests of other sites are refused in development.");
  };
}

/** A user follows a link: the linking page cannot read the response. Frames and scripts do not count. */
function isTopLevelNavigation({ req }: Context): boolean {
  return (
    req.method === "GET" &&
    req.header("sec-fetch-mode") === "navigate" &&
    req.header("sec-fetch-dest") === "document"
  );
}
