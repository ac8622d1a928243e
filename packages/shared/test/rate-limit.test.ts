// The rate limiter against its contract: never more than the limit, and never starving a client that waits.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Hono } from "hono";
import { problems } from "../src/http.ts";
import { RateLimiter } from "../src/rate-limit.ts";

const limits = fc.record({
  limit: fc.integer({ min: 1, max: 1000 }),
  windowMs: fc.oneof(fc.integer({ min: 1, max: 120_000 }), fc.constant(365 * 24 * 3_600_000)),
});
/** Milliseconds between two requests, mostly bursts. */
const gaps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.double({ min: 0, max: 500, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 100_000, noNaN: true }) },
  ),
  { maxLength: 200 },
);

test("in any interval at most the limit plus its refill is allowed", () => {
  fc.assert(
    fc.property(limits, gaps, ({ limit, windowMs }, steps) => {
      const limiter = new RateLimiter({ limit, windowMs });
      const passed: number[] = [];
      let now = 1000;
      for (const gap of steps) {
        now += gap;
        if (limiter.take("client", now) === 0) passed.push(now);
      }
      for (const [first, from] of passed.entries()) {
        for (const [count, to] of passed.slice(first).entries()) {
          expect(count + 1).toBeLessThanOrEqual(limit + ((to - from) * limit) / windowMs + 1e-6);
        }
      }
    }),
  );
});

test("a client that waits for `retryAfter` is always allowed", () => {
  fc.assert(
    fc.property(limits, fc.nat(50), ({ limit, windowMs }, tries) => {
      const limiter = new RateLimiter({ limit, windowMs });
      let now = 0;
      for (let n = 0; n < limit + tries; n += 1) {
        const retryAfter = limiter.take("client", now);
        now += retryAfter * 1000;
        if (retryAfter > 0) expect(limiter.take("client", now)).toBe(0);
      }
    }),
    { numRuns: 50 },
  );
});

test("clients do not share a bucket", () => {
  const limiter = new RateLimiter({ limit: 1, windowMs: 1000 });
  expect(["a", "b", "a", "b"].map((client) => limiter.take(client, 0))).toEqual([0, 0, 1, 1]);
});

test("a limit below one request per second refills in fractions", () => {
  const limiter = new RateLimiter({ limit: 3, windowMs: 10_000 });
  for (let n = 0; n < 3; n += 1) expect(limiter.take("client", 0)).toBe(0);
  for (let now = 100; now <= 3300; now += 100) {
    expect(limiter.take("client", now)).toBeGreaterThan(0);
  }
  expect(limiter.take("client", 3334)).toBe(0);
});

test("it remembers more clients if asked to", () => {
  const limiter = new RateLimiter({ limit: 1, windowMs: 60_000, minClients: 20_000 });
  expect(limiter.take("first", 0)).toBe(0);
  for (let i = 1; i < 20_000; i += 1) limiter.take(`client ${i}`, 0);
  expect(limiter.take("first", 0)).toBeGreaterThan(0);
});

test("its memory always holds at least the newest 5000 clients and at most 10 000", () => {
  const limiter = new RateLimiter({ limit: 1, windowMs: 3_600_000 });
  const isRemembered = (n: number) => limiter.take(`client ${n}`, 0) > 0;
  for (let n = 0; n < 50_000; n += 1) expect(isRemembered(n)).toBe(false);
  for (let n = 45_000; n < 50_000; n += 1) expect(isRemembered(n)).toBe(true);
  for (let n = 0; n < 40_000; n += 1) expect(isRemembered(n)).toBe(false);
});

test("a refused request gets the header fields of the IETF draft and Retry-After, a served one does not", async () => {
  const limiter = new RateLimiter({ limit: 2, windowMs: 60_000 });
  const app = new Hono()
    .onError(problems({ expose: false }))
    .use((c, next) => {
      limiter.check(c.req.header("client") ?? "");
      return next();
    })
    .get("/", (c) => c.text("served"));
  const ask = (client: string) => app.request("/", { headers: { client } });
  const [first, second, refused] = [await ask("a"), await ask("a"), await ask("a")];
  expect([first.status, second.status, refused.status]).toEqual([200, 200, 429]);
  expect(first.headers.get("ratelimit")).toBeNull();
  expect(refused.headers.get("ratelimit-policy")).toBe('"default";q=2;w=60');
  const retryAfter = refused.headers.get("retry-after");
  expect(Number(retryAfter)).toBeWithin(29, 31);
  expect(refused.headers.get("ratelimit")).toBe(`"default";r=0;t=${retryAfter}`);
  expect(await refused.json()).toMatchObject({ status: 429 });
  expect((await ask("b")).status).toBe(200);
});
