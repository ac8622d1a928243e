// Middleware that refuses foreign Hosts in development, requests of foreign pages, and encoded bodies.
import type { MiddlewareHandler } from "hono";
import type { ServiceEnv } from "./env.ts";
import { log } from "./log.ts";
import { Problem } from "./problem.ts";

/**
 * Host names and addresses that always mean this machine, so that no foreign page has them. If any Host were accepted, a
 * page that rebinds its own name to 127.0.0.1 (DNS rebinding) could read what a service in development serves.
 */
const LOOPBACK =
  /^(([\w.-]+\.)?localhost|127(\.\d+){3}|\[::1\]|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\])$/;

/** Methods that change nothing; which of their responses a foreign page may read is decided by CORS. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Middleware that refuses, and logs why:
 * - a malformed Host; in development, also a foreign Host
 * - a request of a foreign page that changes something
 * - a WebSocket that a foreign page opens
 * - a body with a Content-Encoding
 * @param origins their pages are not foreign
 * @throws {Problem} 400, 403 or 415
 */
export function requestChecks(env: ServiceEnv, origins: readonly string[] = []): MiddlewareHandler {
  const isDevelopment = env.NODE_ENV === "development";
  const devHosts = new Set(env.DEV_HOSTS.map(hostnameOf));
  const ownOrigins = new Set(origins);
  let lastHost = "localhost";
  let hostname: string | undefined = "localhost";
  const check = (request: Request): Problem | undefined => {
    const { headers, method } = request;
    const host = headers.get("host") ?? "localhost";
    // Parsing takes a tenth of the time of a small request, and most requests have the same Host.
    if (host !== lastHost) [lastHost, hostname] = [host, hostnameOf(host)];
    if (hostname === undefined) return new Problem(400, "Send a valid Host header field.");
    if (isDevelopment && !LOOPBACK.test(hostname) && !devHosts.has(hostname)) {
      const advice = "add it to DEV_HOSTS, or set NODE_ENV=production";
      return new Problem(403, `This Host is not allowed in development: ${advice}.`);
    }
    // The handshake of a WebSocket is a GET.
    if (SAFE_METHODS.has(method) && !headers.has("upgrade")) return undefined;
    if (!isAllowedSource(request, ownOrigins)) {
      return new Problem(403, "Pages of this origin may not send this request.");
    }
    const encoding = headers.get("content-encoding") || "identity";
    if (encoding.toLowerCase() === "identity") return undefined;
    return new Problem(415, "Send the body without a Content-Encoding.", {
      headers: { "accept-encoding": "identity" },
    });
  };
  return (c, next) => {
    const problem = check(c.req.raw);
    if (!problem) return next();
    const origin = c.req.header("origin");
    log.warn("refused a request: {detail}", { detail: problem.detail, origin });
    throw problem;
  };
}

/** A name in lower case without the optional final dot, or an address in its shortest form; undefined if malformed. */
function hostnameOf(host: string): string | undefined {
  const isPlain = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d*)?$/i.test(host);
  return isPlain ? URL.parse(`http://${host}`)?.hostname.replace(/\.$/, "") : undefined;
}

/**
 * Whether a request comes from a page of this service, from an allowed origin, or from no page at all.
 * CORS does not cover this: browsers send forms and plain text from any page without asking first.
 */
export function isAllowedSource({ headers }: Request, origins: ReadonlySet<string>): boolean {
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return true;
  const origin = headers.get("origin");
  if (origin !== null && origins.has(origin)) return true;
  // The browser has compared the origins, with the scheme, which this server does not know behind a proxy.
  if (site !== null) return false;
  if (origin === null) return true;
  // A foreign page cannot set X-Forwarded-Host without a preflight, so the header comes from a proxy or a program.
  const forwarded = headers.get("x-forwarded-host")?.split(",")[0]?.trim();
  return [headers.get("host"), forwarded].some((host) => host && isHostOf(origin, host));
}

/**
 * Whether `host` is the host of `origin`. The scheme is not compared, because behind a proxy that terminates TLS this
 * server does not know it. `Host` may name the default port of the scheme, and `Origin` never does.
 */
function isHostOf(origin: string, host: string): boolean {
  const { protocol = "", host: expected } = URL.parse(origin) ?? {};
  return /^https?:$/.test(protocol) && URL.parse(`${protocol}//${host}`)?.host === expected;
}
