// Token bucket per client, with bounded memory, and the header fields that tell the client about it.

export interface RateLimitOptions {
  /** Requests that a client may make in a window; also the size of a burst. */
  readonly limit: number;
  /** Length of the window in milliseconds. */
  readonly windowMs: number;
  /** Clients that are remembered at the most, and half as many at least; those that were quiet longest are forgotten. */
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
  /** When `tokens` was counted. */
  at: number;
}

/** What the sum of many fractions may be off a whole token. */
const EPSILON = 1e-9;

/**
 * In any stretch of time of length t a client gets at most `limit + t * limit / windowMs` requests
 * through. A client that was forgotten for want of room starts with a full bucket.
 */
export class RateLimiter {
  /** Clients since the last change of generation, and those of the generation before. */
  #recent = new Map<string, Bucket>();
  #older = new Map<string, Bucket>();
  readonly #generation: number;

  /** @throws {RangeError} when the limit is below 1 or the window is not longer than 0. */
  constructor(readonly options: RateLimitOptions) {
    if (!(options.limit >= 1 && options.windowMs > 0)) {
      throw new RangeError("A rate limit needs a limit of at least 1 and a window longer than 0.");
    }
    this.#generation = Math.max(1, Math.floor((options.maxClients ?? 10_000) / 2));
  }

  /** Clients that are remembered now. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  /**
   * Takes one token from the bucket of `client`.
   * @param now milliseconds of a monotonic clock; if it goes back all the same, nothing is refilled
   * until it has caught up.
   */
  take(client: string, now: number = performance.now()): RateLimitResult {
    const { limit, windowMs } = this.options;
    const bucket = this.#recent.get(client) ?? this.#remember(client, { tokens: limit, at: now });
    const passed = Math.max(0, now - bucket.at);
    bucket.tokens = Math.min(limit, bucket.tokens + (passed * limit) / windowMs);
    bucket.at += passed;
    const allowed = bucket.tokens >= 1 - EPSILON;
    if (allowed) bucket.tokens = Math.max(0, bucket.tokens - 1);
    const remaining = Math.floor(bucket.tokens + EPSILON);
    const secondsUntil = (tokens: number) =>
      Math.ceil(((tokens - bucket.tokens) * windowMs) / limit / 1000);
    return {
      allowed,
      remaining,
      retryAfter: remaining > 0 ? 0 : secondsUntil(1),
      reset: secondsUntil(limit),
    };
  }

  /** Two generations bound the memory at the cost of a swap, where a list of all clients would cost each request. */
  #remember(client: string, fresh: Bucket): Bucket {
    const bucket = this.#older.get(client) ?? fresh;
    this.#older.delete(client);
    if (this.#recent.size >= this.#generation) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(client, bucket);
    return bucket;
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
  const headers: Record<string, string> = {
    "ratelimit-policy": `"default";q=${limit};w=${Math.ceil(windowMs / 1000)}`,
    ratelimit: `"default";r=${result.remaining};t=${result.reset}`,
  };
  if (!result.allowed) headers["retry-after"] = String(Math.max(1, result.retryAfter));
  return headers;
}
