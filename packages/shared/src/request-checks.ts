// Refuses requests before the app runs: foreign hosts in development, requests of foreign pages, encoded bodies.
import type { ServiceEnv } from "./env.ts";
import { Problem } from "./problem.ts";

/** Names and addresses that always mean this machine, so that no foreign page can be behind them. */
const LOOPBACK =
  /^(([\w.-]+\.)?localhost|127(\.\d+){3}|\[::1\]|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\])$/;

/** Methods that change nothing; which of their responses a foreign page may read is decided by CORS. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Returns a check for requests; its result is the reason to refuse one. */
export function requestCheck(env: ServiceEnv) {
  const isDevelopment = env.NODE_ENV === "development";
  const hosts = new Set(env.DEV_HOSTS);
  const origins = new Set([...(env.CORS_ORIGINS ?? []), ...(env.ALLOWED_ORIGINS ?? [])]);
  return (request: Request): Problem | undefined => {
    if (isDevelopment && !isAllowedHost(request, hosts)) {
      return new Problem(403, "This Host is not allowed in development: add it to DEV_HOSTS.");
    }
    if (SAFE_METHODS.has(request.method)) return undefined;
    if (!isAllowedSource(request, origins)) {
      return new Problem(403, "Pages of other origins may not send this request.");
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
function isAllowedHost({ headers }: Request, hosts: ReadonlySet<string>): boolean {
  const host = headers.get("host") ?? "localhost";
  const isPlain = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(host);
  // A parsed address is in its shortest form, and a name in lower case. The final dot of an absolute name is optional.
  const name = isPlain ? URL.parse(`http://${host}`)?.hostname.replace(/\.$/, "") : undefined;
  return name !== undefined && (LOOPBACK.test(name) || hosts.has(name));
}

/**
 * Whether a request comes from a page of this service, from an allowed origin, or from no page at all.
 * CORS does not cover this: browsers send forms and plain text from any page without asking first.
 */
export function isAllowedSource({ headers }: Request, origins: ReadonlySet<string>): boolean {
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return true;
  const origin = headers.get("origin");
  if (origin === null) return site === null;
  if (origins.has(origin)) return true;
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
