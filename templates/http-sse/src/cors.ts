// CORS: pages of the origins in CORS_ORIGINS may use the API.
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** The header that only CORS preflights have. */
const PREFLIGHT_HEADER = "access-control-request-method";

/**
 * Hono's CORS middleware for the listed origins; without origins, no middleware. A request of another cross-origin page
 * that would change something does not reach it: `#lib/service` refuses such a request with a 403 before the app runs.
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler[] {
  if (origins.length === 0) return [];
  const handleCors = cors({
    origin: [...origins],
    allowMethods: ["GET", "HEAD", "POST", "DELETE"],
    allowHeaders: [
      // #region auth
      "authorization",
      // #endregion
      "content-type",
      "idempotency-key",
      "last-event-id",
      "x-request-id",
      // #region uploads
      "if-none-match",
      "if-range",
      "range",
      // #endregion
    ],
    exposeHeaders: [
      "location",
      "ratelimit",
      "ratelimit-policy",
      "retry-after",
      // #region auth
      "www-authenticate",
      // #endregion
      "x-request-id",
      // #region uploads
      "content-disposition",
      "content-range",
      "etag",
      // #endregion
    ],
    maxAge: 600,
  });
  const middleware: MiddlewareHandler = (c, next) => {
    // Hono's middleware would respond to every OPTIONS request, also for paths that do not exist.
    const isOtherOptions = c.req.method === "OPTIONS" && !c.req.header(PREFLIGHT_HEADER);
    return isOtherOptions ? next() : handleCors(c, next);
  };
  return [middleware];
}
