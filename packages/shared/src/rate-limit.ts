// Refuses requests beyond a rate limit with 429.
import { Problem } from "./problem.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/**
 * Takes a token from the bucket of `client`.
 * @throws {Problem} 429 if the bucket is empty, with `Retry-After` and the header fields of the IETF draft "RateLimit
 * header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers).
 */
export function checkRateLimit(limiter: RateLimiter, client: string): void {
  const { limit, windowMs } = limiter.options;
  const { allowed, remaining, retryAfter, reset } = limiter.take(client);
  if (allowed) return;
  throw new Problem(429, `Too many requests: try again in ${retryAfter} s.`, {
    headers: {
      "ratelimit-policy": `"default";q=${limit};w=${Math.ceil(windowMs / 1000)}`,
      ratelimit: `"default";r=${remaining};t=${reset}`,
      "retry-after": String(retryAfter),
    },
  });
}
