// Whether a request comes from a page of this very server.

/** True without an Origin, too: then it is no browser's, or a navigation. */
export function isSameOrigin(request: Request): boolean {
  const origin = request.headers.get("origin");
  if (origin === null) return true;
  return URL.canParse(origin) && new URL(origin).host === request.headers.get("host");
}
