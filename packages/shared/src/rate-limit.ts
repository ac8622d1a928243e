// Limits the requests of each client: a token bucket with bounded memory.
import { Problem } from "./problem.ts";

interface RateLimitOptions {
  /** Requests that a client may make per window; also the size of a burst. */
  readonly limit: number;
  /** Length of the window in milliseconds. */
  readonly windowMs: number;
  /** At least this many of the newest clients are remembered (default 5000), and at most twice as many. */
  readonly minClients?: number;
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

  constructor(readonly options: RateLimitOptions) {}

  /**
   * Takes one token from the bucket of `client`.
   * @param now milliseconds of a clock that never runs backwards
   * @returns 0, or the seconds until the bucket has a token again.
   */
  take(client: string, now: number = performance.now()): number {
    const { limit, windowMs } = this.options;
    const bucket = this.#recent.get(client) ?? this.#remember(client, { tokens: limit, at: now });
    bucket.tokens = Math.min(limit, bucket.tokens + ((now - bucket.at) * limit) / windowMs);
    bucket.at = now;
    if (bucket.tokens < 1 - EPSILON)
      return Math.ceil(((1 - bucket.tokens) * windowMs) / limit / 1000);
    bucket.tokens = Math.max(0, bucket.tokens - 1);
    return 0;
  }

  /**
   * Takes one token from the bucket of `client`.
   * @throws {Problem} 429 if it is empty, with `Retry-After` and the header fields of the IETF draft "RateLimit header
   * fields for HTTP" (draft-ietf-httpapi-ratelimit-headers). `t` is the wait for the next request, like `Retry-After`.
   */
  check(client: string): void {
    const retryAfter = this.take(client);
    if (retryAfter === 0) return;
    const { limit, windowMs } = this.options;
    throw new Problem(429, `Too many requests: try again in ${retryAfter} s.`, {
      headers: {
        "ratelimit-policy": `"default";q=${limit};w=${Math.ceil(windowMs / 1000)}`,
        ratelimit: `"default";r=0;t=${retryAfter}`,
        "retry-after": String(retryAfter),
      },
    });
  }

  #remember(client: string, fresh: Bucket): Bucket {
    const bucket = this.#older.get(client) ?? fresh;
    this.#older.delete(client);
    if (this.#recent.size >= (this.options.minClients ?? 5000)) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(client, bucket);
    return bucket;
  }
}
