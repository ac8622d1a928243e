// CORS: pages of the origins in CORS_ORIGINS may use the API.
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/**
 * Returns Hono's CORS middleware for `origins`; none if the list is empty. Pages of other origins cannot read responses,
 * and `requestChecks` refuses their requests that could change something with a 403.
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
      "traceparent",
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
    // Hono's middleware would respond to every OPTIONS request, also to those that are not preflights.
    const isPreflight = c.req.header("access-control-request-method") !== undefined;
    return c.req.method === "OPTIONS" && !isPreflight ? next() : handleCors(c, next);
  };
  return [middleware];
}
