// The rate limiter against its own promise: never too many, never none for a client that waits.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RateLimiter, rateLimitHeaders } from "../src/rate-limit.ts";

const limits = fc.record({
  limit: fc.integer({ min: 1, max: 1000 }),
  windowMs: fc.oneof(fc.integer({ min: 1, max: 120_000 }), fc.constant(365 * 24 * 3_600_000)),
});
/** Milliseconds between two requests, most of them in bursts; below zero the clock goes back. */
const gaps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.double({ min: 0, max: 500, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: -1000, max: 100_000, noNaN: true }) },
  ),
  { maxLength: 200 },
);

test("in any stretch of time at most the limit and what it refills pass", () => {
  fc.assert(
    fc.property(limits, gaps, ({ limit, windowMs }, steps) => {
      const limiter = new RateLimiter({ limit, windowMs });
      const passed: number[] = [];
      let now = 1000;
      let latest = now;
      for (const gap of steps) {
        now += gap;
        latest = Math.max(latest, now);
        if (limiter.take("client", now).allowed) passed.push(latest);
      }
      for (const [first, from] of passed.entries()) {
        for (const [count, to] of passed.slice(first).entries()) {
          expect(count + 1).toBeLessThanOrEqual(limit + ((to - from) * limit) / windowMs + 1e-6);
        }
      }
    }),
  );
});

test("a client that waits as long as it is told always passes", () => {
  fc.assert(
    fc.property(limits, fc.nat(50), ({ limit, windowMs }, tries) => {
      const limiter = new RateLimiter({ limit, windowMs });
      let now = 0;
      for (let n = 0; n < limit + tries; n += 1) {
        const { allowed, retryAfter, remaining } = limiter.take("client", now);
        expect(allowed).toBe(true);
        expect(retryAfter === 0).toBe(remaining > 0);
        now += retryAfter * 1000;
      }
    }),
    { numRuns: 50 },
  );
});

test("after `reset` seconds the whole limit is there again", () => {
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 1000 }), (options, used) => {
      const limiter = new RateLimiter(options);
      let { reset } = limiter.take("client", 0);
      for (let n = 1; n < used; n += 1) reset = limiter.take("client", 0).reset;
      expect(limiter.take("client", reset * 1000).remaining).toBe(options.limit - 1);
    }),
    { numRuns: 50 },
  );
});

test("clients don't share a bucket", () => {
  const limiter = new RateLimiter({ limit: 1, windowMs: 1000 });
  expect(["a", "b", "a", "b"].map((client) => limiter.take(client, 0).allowed)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a limit below a token each second refills by fractions", () => {
  const limiter = new RateLimiter({ limit: 3, windowMs: 10_000 });
  for (let n = 0; n < 3; n += 1) expect(limiter.take("client", 0).allowed).toBe(true);
  for (let now = 100; now <= 3300; now += 100) {
    expect(limiter.take("client", now).allowed).toBe(false);
  }
  expect(limiter.take("client", 3334).allowed).toBe(true);
});

describe("memory", () => {
  test("is bounded: those that were quiet longest are forgotten, the others are not", () => {
    const limiter = new RateLimiter({ limit: 1, windowMs: 60_000, maxClients: 4 });
    for (const client of ["a", "b", "c", "a", "d", "e"]) limiter.take(client, 0);
    expect(limiter.size).toBeLessThanOrEqual(4);
    for (const client of ["a", "d", "e"]) expect(limiter.take(client, 0).allowed).toBe(false);
    expect(limiter.take("b", 0).allowed).toBe(true);
  });

  test("holds the newest 5000 of 10 000 clients at least, whatever comes", () => {
    const limiter = new RateLimiter({ limit: 1, windowMs: 3_600_000 });
    for (let n = 0; n < 50_000; n += 1) {
      limiter.take(`client ${n}`, 0);
      if (limiter.size > 10_000) throw new Error(`${limiter.size} clients after ${n}`);
    }
    for (let n = 45_000; n < 50_000; n += 1) {
      expect(limiter.take(`client ${n}`, 0).allowed).toBe(false);
    }
  });
});

test.each([
  { limit: 0, windowMs: 1000 },
  { limit: Number.NaN, windowMs: 1000 },
  { limit: 1, windowMs: 0 },
])("%p is no limit", (options) => {
  expect(() => new RateLimiter(options)).toThrow(RangeError);
});

test("the header fields are those of the IETF draft, and Retry-After only on a refusal", () => {
  const options = { limit: 2, windowMs: 60_000 };
  const limiter = new RateLimiter(options);
  const headers = [0, 0, 0].map((now) => rateLimitHeaders(options, limiter.take("client", now)));
  expect(headers).toEqual([
    { "ratelimit-policy": '"default";q=2;w=60', ratelimit: '"default";r=1;t=30' },
    { "ratelimit-policy": '"default";q=2;w=60', ratelimit: '"default";r=0;t=60' },
    {
      "ratelimit-policy": '"default";q=2;w=60',
      ratelimit: '"default";r=0;t=60',
      "retry-after": "30",
    },
  ]);
});
