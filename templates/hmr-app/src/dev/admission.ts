// Refuses requests of foreign pages in development, in addition to the checks in lib/.
import type { Context, MiddlewareHandler } from "hono";
import { isAllowedSource, Problem } from "#lib/http";

const NO_ORIGINS: ReadonlySet<string> = new Set();

/**
 * Middleware: refuses every request of a page of another origin, including GET, because the server also serves the page's
 * source code. Another port of localhost is another origin.
 * @throws {Problem} 403
 */
export const refuseForeignPages: MiddlewareHandler = (c, next) => {
  if (isAllowedSource(c.req.raw, NO_ORIGINS) || isTopLevelNavigation(c)) return next();
  throw new Problem(403, "In development, requests of pages of other origins are refused.");
};

/** A user follows a link: the linking page cannot read the response. Frames and scripts do not count. */
function isTopLevelNavigation({ req }: Context): boolean {
  return (
    req.method === "GET" &&
    req.header("sec-fetch-mode") === "navigate" &&
    req.header("sec-fetch-dest") === "document"
  );
}
