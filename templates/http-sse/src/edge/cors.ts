// Cross-origin requests from an allow-list of origins: https://fetch.spec.whatwg.org/#http-cors-protocol
import type { Handler } from "../group.ts";

const PREFLIGHT = {
  "access-control-allow-methods": "GET, HEAD, POST",
  "access-control-allow-headers":
    "content-type, idempotency-key, if-none-match, if-range, last-event-id, range, x-request-id",
  "access-control-max-age": "600",
} as const;

/** Headers that scripts of the allowed origins may read. */
const EXPOSED =
  "content-disposition, content-range, etag, location, ratelimit, ratelimit-policy, retry-after, x-request-id";

/** Answers preflights, and lets the pages of the listed origins, and of no other, read the responses. */
export function cors(origins: readonly string[]): (next: Handler) => Handler {
  if (origins.length === 0) return (next) => next;
  const allowed = new Set(origins);
  return (next) => async (request, server) => {
    const origin = request.headers.get("origin");
    const known = origin !== null && allowed.has(origin);
    const preflight =
      known && request.method === "OPTIONS" && request.headers.has("access-control-request-method");
    const response = preflight
      ? new Response(null, { status: 204, headers: PREFLIGHT })
      : await next(request, server);
    // For caches: the next origin may get another answer.
    response?.headers.append("vary", "Origin");
    if (known) {
      response?.headers.set("access-control-allow-origin", origin);
      response?.headers.set("access-control-expose-headers", EXPOSED);
    }
    return response;
  };
}
