// Token bucket per client, with bounded memory.

interface RateLimitOptions {
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

interface RateLimitResult {
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

  constructor(readonly options: RateLimitOptions) {
    this.#generationSize = (options.maxClients ?? 10_000) / 2;
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
