// Refuses requests that pages of other origins send through a user's browser.
import type { Context, MiddlewareHandler } from "hono";
import { Problem } from "#lib/http";

/**
 * Middleware: refuses a foreign `Origin`. Browsers send WebSocket handshakes and simple POSTs from any
 * page, without a preflight. Clients other than browsers send no Origin and are accepted.
 * @throws {Problem} 403
 */
export function sameOrigin(): MiddlewareHandler {
  return (c, next) => {
    requireOwnOrigin(c);
    return next();
  };
}

/** @throws {Problem} 403 */
export function requireOwnOrigin(c: Context): void {
  const origin = c.req.header("origin");
  // The scheme is not compared: behind a proxy that terminates TLS this server does not know it.
  if (origin === undefined || URL.parse(origin)?.host === c.req.header("host")) return;
  throw new Problem(403, "Only pages of this server may send this request.");
}
