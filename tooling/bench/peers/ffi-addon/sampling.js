// Shared by the programs of this area: the same vectors for all, and one sample per request.
import { createServer } from "node:http";

/** `count` numbers from -1 to 1, the same ones each time. */
export function numbers(count) {
  let state = 1;
  return new Float32Array(count).map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** How often `work` can be done in a second, tried for that many seconds. */
export function rate(work, seconds) {
  const start = performance.now();
  let done = 0;
  do {
    work();
    done += 1;
  } while (performance.now() - start < seconds * 1000);
  return (done * 1000) / (performance.now() - start);
}

/**
 * Responds to each request with a sample; `?seconds=` says how long it should take.
 * `open` prepares the data and returns what takes a sample; the first request, the warm-up, waits for it.
 */
export function serveSamples(open) {
  let sample;
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url, "http://localhost");
    sample ??= open();
    response.end(String(sample(Number(searchParams.get("seconds")))));
  });
  server.listen(0, "127.0.0.1", () =>
    console.log(`listening on http://127.0.0.1:${server.address().port}/`),
  );
}

/** Nanoseconds that one of a million calls of `add` takes, the best of as many rounds as fit. */
export function serveCalls(add) {
  const calls = 1_000_000;
  serveSamples(() => (seconds) => {
    let best = Number.POSITIVE_INFINITY;
    let sum = 0;
    const end = performance.now() + seconds * 1000;
    do {
      const start = performance.now();
      for (let i = 0; i < calls; i++) sum = add(sum & 0xffff, i);
      best = Math.min(best, performance.now() - start);
    } while (performance.now() < end);
    if (sum === 0) throw new Error("add does not add");
    return (best * 1e6) / calls;
  });
}
