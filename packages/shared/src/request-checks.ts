// Refuses requests before the app runs: foreign hosts in development, requests of foreign pages, encoded bodies.
import type { ServiceEnv } from "./env.ts";
import { Problem } from "./problem.ts";

/** Names and addresses that always mean this machine, so that no foreign page can be behind them. */
const LOOPBACK =
  /^(([\w.-]+\.)?localhost|127(\.\d+){3}|\[::1\]|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\])$/;

/** Methods that change nothing; which of their responses a foreign page may read is decided by CORS. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Returns a check for requests; its result is the reason to refuse one.
 * @param origins whose pages may send requests that change something
 */
export function requestCheck(env: ServiceEnv, origins: ReadonlySet<string>) {
  const isDevelopment = env.NODE_ENV === "development";
  const hosts = new Set(env.DEV_HOSTS.map(hostnameOf));
  return (request: Request): Problem | undefined => {
    if (isDevelopment && !isAllowedHost(request, hosts)) {
      const advice = "add it to DEV_HOSTS, or set NODE_ENV=production";
      return new Problem(403, `This Host is not allowed in development: ${advice}.`);
    }
    // A WebSocket handshake is a GET, and browsers send it from any page without asking first.
    const isHandshake = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    if (SAFE_METHODS.has(request.method) && !isHandshake) return undefined;
    if (!isAllowedSource(request, origins)) {
      const origin = request.headers.get("origin") ?? "other origins";
      return new Problem(403, `Pages of ${origin} may not send this request.`);
    }
    const encoding = request.headers.get("content-encoding") || "identity";
    if (encoding.toLowerCase() === "identity") return undefined;
    const headers = { "accept-encoding": "identity" };
    return new Problem(415, "Send the body without a Content-Encoding.", { headers });
  };
}

/**
 * Whether the Host is a loopback name or in DEV_HOSTS. Without this check, a web page that rebinds its own name to
 * 127.0.0.1 (DNS rebinding) could read everything that a service in development serves. Browsers always send a Host.
 */
function isAllowedHost({ headers }: Request, hosts: ReadonlySet<string | undefined>): boolean {
  const name = hostnameOf(headers.get("host") ?? "localhost");
  return name !== undefined && (LOOPBACK.test(name) || hosts.has(name));
}

/** A name in lower case without the optional final dot, or an address in its shortest form; undefined if malformed. */
function hostnameOf(host: string): string | undefined {
  const isPlain = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(host);
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
