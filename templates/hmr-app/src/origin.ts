// Refuses requests that pages of other origins send through a user's browser.
import { BlockList, isIP } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import { type HttpEnv, Problem } from "#lib/http";
import type { Env } from "./env.ts";

interface OriginEnv extends HttpEnv {
  Variables: HttpEnv["Variables"] & {
    /** Host and protocol that the browser used, if a trusted proxy forwarded them. */
    forwarded?: { readonly host: string | undefined; readonly protocol: string | undefined };
  };
}

/**
 * Middleware: uses `X-Forwarded-Host` and `X-Forwarded-Proto` of `TRUSTED_PROXIES` only, because any client can send them. The
 * check in lib/ uses `X-Forwarded-Host` of any client: it only has to refuse foreign pages, which cannot set it.
 */
export function trustProxies({ TRUSTED_PROXIES }: Env): MiddlewareHandler<OriginEnv> {
  if (TRUSTED_PROXIES.length === 0) return (_, next) => next();
  const trusted = addressList(TRUSTED_PROXIES);
  return (c, next) => {
    // A socket that accepts both families reports IPv4 addresses as ::ffff:127.0.0.1.
    const peer = c.env.server.requestIP(c.req.raw)?.address.replace(/^::ffff:/i, "") ?? "";
    if (isIP(peer) !== 0 && trusted.check(peer, isIP(peer) === 6 ? "ipv6" : "ipv4")) {
      // For a WebSocket, some proxies send `ws` or `wss`. Its Origin is that of the page, with `http` or `https`.
      const protocol = first(c, "x-forwarded-proto")?.replace(/^ws/i, "http");
      c.set("forwarded", { host: first(c, "x-forwarded-host"), protocol });
    }
    return next();
  };
}

/** Addresses and networks, such as `10.0.0.0/8`. */
function addressList(items: readonly string[]): BlockList {
  const addresses = new BlockList();
  for (const item of items) {
    const [address = "", prefix] = item.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) addresses.addAddress(address, family);
    else addresses.addSubnet(address, Number(prefix), family);
  }
  return addresses;
}

/** Proxies append to the header, so the first value is what the browser used. */
function first(c: Context, header: string): string | undefined {
  return c.req.header(header)?.split(",")[0]?.trim() || undefined;
}

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
export function requireOwnOrigin(c: Context<OriginEnv>): void {
  const origin = c.req.header("origin");
  if (origin === undefined) return;
  const { host = c.req.header("host"), protocol } = c.get("forwarded") ?? {};
  // Without a forwarded protocol, the server does not know whether a proxy terminates TLS, so it accepts any protocol.
  const own = URL.parse(`${protocol ?? URL.parse(origin)?.protocol.slice(0, -1)}://${host}`);
  // Compares parsed origins, because `Host` may contain the default port, and `Origin` never does.
  if (own && own.origin === URL.parse(origin)?.origin && own.origin !== "null") return;
  throw new Problem(403, "Only pages of this server may send this request.");
}
