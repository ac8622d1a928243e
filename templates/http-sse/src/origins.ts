// Which other web pages may use the API: Hono's CORS middleware for the origins in CORS_ORIGINS, and no others.
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { Problem } from "#lib/http";

/** Methods that change nothing; what a foreign page may read is decided by CORS. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Only preflights have it. */
const PREFLIGHT_HEADER = "access-control-request-method";

/**
 * Middleware: pages of the listed origins may call the API. Every other foreign page is refused, even
 * for requests that browsers send without a preflight, such as forms.
 * @throws {Problem} 403
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  const handleCors = cors({
    origin: [...origins],
    allowMethods: ["GET", "HEAD", "POST"],
    allowHeaders: [
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
      "x-request-id",
      // #region uploads
      "content-disposition",
      "content-range",
      "etag",
      // #endregion
    ],
    maxAge: 600,
  });
  return (c, next) => {
    const origin = c.req.header("origin");
    const isAllowed =
      SAFE_METHODS.has(c.req.method) ||
      origin === undefined ||
      origins.includes(origin) ||
      isOwnOrigin(origin, c.req.header("host"));
    if (!isAllowed) {
      throw new Problem(403, "Pages of this origin may not use the API: add it to CORS_ORIGINS.");
    }
    // Hono's middleware would respond to every OPTIONS request, also for paths that do not exist.
    const isOtherOptions = c.req.method === "OPTIONS" && !c.req.header(PREFLIGHT_HEADER);
    return origins.length > 0 && !isOtherOptions ? handleCors(c, next) : next();
  };
}

/** The scheme is not compared: behind a proxy that terminates TLS this server does not know it. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return URL.parse(origin)?.host === host;
}
