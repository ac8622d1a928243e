// Decides which web pages may open a WebSocket. Browsers send cookies from pages of any site, so the origin is checked.
import type { Context } from "hono";

/**
 * Whether the request comes from the server's own origin (the scheme and Host of the request), from an
 * allowed one, or not from a browser: only browsers send `Origin`, and they always do.
 */
export function isAllowedOrigin(c: Context, allowed: readonly string[]): boolean {
  const origin = c.req.header("origin");
  if (origin === undefined || allowed.includes(origin)) return true;
  return origin === new URL(c.req.url).origin;
}
