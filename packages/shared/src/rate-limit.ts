// Token bucket per client, with bounded memory, and the middleware that enforces it.
import type { Context, MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";

export interface RateLimitOptions {
  /** Requests that a client may make per window; also the size of a burst. */
  readonly limit: number;
  /** Length of the window in milliseconds. */
  readonly windowMs: number;
  /**
   * Maximum number of clients to remember (default 10 000). The least recently seen are forgotten, but at least half of
   * that number is remembered.
   */
  readonly maxClients?: number;
}

export interface RateLimitResult {
  readonly allowed: boolean;
  /** Whole requests left. */
  readonly remaining: number;
  /** Seconds until another request is allowed; 0 if one is allowed now. */
  readonly retryAfter: number;
  /** Seconds until the bucket is full again. */
  readonly reset: number;
}

interface Bucket {
  tokens: number;
  /** When `tokens` was computed. */
  at: number;
}

/** Tolerance for the rounding error of many small refills. */
const EPSILON = 1e-9;

/**
 * In any interval of length t a client gets at most `limit + t * limit / windowMs` requests through.
 * A client that was forgotten to save memory starts with a full bucket.
 */
export class RateLimiter {
  /** When the newer map is full, it replaces the older one. That bounds the memory at a low cost per request. */
  #recent = new Map<string, Bucket>();
  #older = new Map<string, Bucket>();
  readonly #generationSize: number;

  /** @throws {RangeError} if the limit is below 1 or the window is not positive. */
  constructor(readonly options: RateLimitOptions) {
    if (!(options.limit >= 1 && options.windowMs > 0)) {
      throw new RangeError("A rate limit needs a limit of at least 1 and a positive window.");
    }
    this.#generationSize = Math.max(1, Math.floor((options.maxClients ?? 10_000) / 2));
  }

  /** Takes one token from the bucket of `client`. @param now milliseconds of a clock that never runs backwards. */
  take(client: string, now: number = performance.now()): RateLimitResult {
    const { limit, windowMs } = this.options;
    const bucket = this.#recent.get(client) ?? this.#remember(client, { tokens: limit, at: now });
    bucket.tokens = Math.min(limit, bucket.tokens + ((now - bucket.at) * limit) / windowMs);
    bucket.at = now;
    const allowed = bucket.tokens >= 1 - EPSILON;
    if (allowed) bucket.tokens = Math.max(0, bucket.tokens - 1);
    const remaining = Math.floor(bucket.tokens + EPSILON);
    const secondsPerToken = windowMs / limit / 1000;
    return {
      allowed,
      remaining,
      retryAfter: remaining > 0 ? 0 : Math.ceil((1 - bucket.tokens) * secondsPerToken),
      reset: Math.ceil((limit - bucket.tokens) * secondsPerToken),
    };
  }

  #remember(client: string, fresh: Bucket): Bucket {
    const bucket = this.#older.get(client) ?? fresh;
    this.#older.delete(client);
    if (this.#recent.size >= this.#generationSize) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(client, bucket);
    return bucket;
  }
}

export interface RequestLimitOptions {
  /** Requests per minute and client. */
  readonly perMinute: number;
  /** Identifies the client, e.g. `clientAddress(env)`. */
  readonly client: (c: Context) => string;
}

/** Middleware: takes a token from the bucket of each request's client. @throws {Problem} 429 */
export function rateLimit({ perMinute, client }: RequestLimitOptions): MiddlewareHandler {
  const limiter = new RateLimiter({ limit: perMinute, windowMs: 60_000 });
  return (c, next) => {
    checkRateLimit(limiter, client(c));
    return next();
  };
}

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
