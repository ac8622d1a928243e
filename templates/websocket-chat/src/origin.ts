// Which web pages may open a WebSocket here: browsers send cookies along from any site, so the origin decides.

/**
 * True when the request comes from home: the server's own origin (scheme and Host of the request),
 * an origin of the allow-list, compared whole, or no browser at all (no `Origin`).
 */
export function isHome(request: Request, allowed: ReadonlySet<string>): boolean {
  const origin = request.headers.get("origin");
  if (origin === null || allowed.has(origin)) return true;
  return origin === URL.parse(request.url)?.origin;
}

/** `value` as a browser would send it as `Origin`, or undefined if it is no http(s) origin. */
export function parseOrigin(value: string): string | undefined {
  const url = URL.parse(value);
  const plain = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  return plain ? url.origin : undefined;
}
