// Decides which web pages may open a WebSocket. Browsers send cookies from pages of any site, so the origin is checked.
import type { Context } from "hono";

/**
 * Whether the request comes from the server's own origin, from an allowed one, or not from a browser: only browsers
 * send `Origin`, and they always do. As for other requests, the scheme of the own origin is not compared, because
 * behind a proxy that terminates TLS this server does not know it, and a page cannot set the other headers.
 */
export function isAllowedOrigin(c: Context, allowed: readonly string[]): boolean {
  const origin = c.req.header("origin");
  if (origin === undefined || allowed.includes(origin)) return true;
  if (c.req.header("sec-fetch-site") === "same-origin") return true;
  const { protocol = "", host } = URL.parse(origin) ?? {};
  const forwarded = c.req.header("x-forwarded-host")?.split(",")[0]?.trim();
  const isOwn = (name?: string) =>
    name !== undefined && URL.parse(`${protocol}//${name}`)?.host === host;
  return /^https?:$/.test(protocol) && [c.req.header("host"), forwarded].some(isOwn);
}
