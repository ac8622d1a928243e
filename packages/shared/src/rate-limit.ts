// Token bucket per client, with bounded memory, and the header fields that tell the client about it.

export interface RateLimitOptions {
  /** Requests that a client may make in a window; also the size of a burst. */
  readonly limit: number;
  /** Length of the window in milliseconds. */
  readonly windowMs: number;
  /** Clients that are remembered at the most; the one that was quiet longest is forgotten first. */
  readonly maxClients?: number;
}

export interface RateLimitResult {
  readonly allowed: boolean;
  /** Whole requests left. */
  readonly remaining: number;
  /** Seconds until another request is allowed; 0 if one is now. */
  readonly retryAfter: number;
  /** Seconds until the whole limit is available again. */
  readonly reset: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #perMs: number;
  readonly #maxClients: number;

  constructor(readonly options: RateLimitOptions) {
    this.#perMs = options.limit / options.windowMs;
    this.#maxClients = options.maxClients ?? 10_000;
  }

  /** Clients that are remembered now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token from the bucket of `client`. @param now milliseconds of a monotonic clock. */
  take(client: string, now: number = performance.now()): RateLimitResult {
    const { limit } = this.options;
    const bucket = this.#buckets.get(client) ?? { tokens: limit, at: now };
    bucket.tokens = Math.min(limit, bucket.tokens + Math.max(0, now - bucket.at) * this.#perMs);
    bucket.at = now;
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    this.#remember(client, bucket);
    return {
      allowed,
      remaining: Math.floor(bucket.tokens),
      retryAfter: bucket.tokens >= 1 ? 0 : Math.ceil((1 - bucket.tokens) / this.#perMs / 1000),
      reset: Math.ceil((limit - bucket.tokens) / this.#perMs / 1000),
    };
  }

  /** A Map keeps the order of insertion, so its first key is the client that was quiet longest. */
  #remember(client: string, bucket: Bucket): void {
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size <= this.#maxClients) return;
    const oldest = this.#buckets.keys().next();
    if (!oldest.done) this.#buckets.delete(oldest.value);
  }
}

/**
 * Header fields of a response, by the IETF draft "RateLimit header fields for HTTP"
 * (draft-ietf-httpapi-ratelimit-headers), and `Retry-After` (RFC 9110) on a refusal.
 */
export function rateLimitHeaders(
  { limit, windowMs }: RateLimitOptions,
  result: RateLimitResult,
): Record<string, string> {
  return {
    "ratelimit-policy": `"default";q=${limit};w=${Math.ceil(windowMs / 1000)}`,
    ratelimit: `"default";r=${result.remaining};t=${result.reset}`,
    ...(result.allowed ? {} : { "retry-after": String(Math.max(1, result.retryAfter)) }),
  };
}
