// Middleware: limits the requests of each client.
import type { MiddlewareHandler } from "hono";
import { clientAddress } from "#lib/client-address";
import { RateLimiter } from "#lib/rate-limit";
import type { Env } from "./env.ts";

/** Takes a token from the bucket of each request's client. @throws {Problem} 429 */
export function rateLimit(env: Env): MiddlewareHandler {
  const limiter = new RateLimiter({ limit: env.RATE_LIMIT, windowMs: 60_000 });
  const addressOf = clientAddress(env);
  return (c, next) => {
    limiter.check(addressOf(c));
    return next();
  };
}
