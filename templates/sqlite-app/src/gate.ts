// Lets a bounded number of jobs run at the same time and a bounded number wait; the rest is told to come back.
import { Problem } from "#lib/problem";

export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param what named to the client that is sent away, e.g. "exports". */
  constructor(
    readonly what: string,
    readonly limits: { readonly concurrency: number; readonly queue: number },
  ) {
    this.#free = limits.concurrency;
  }

  /** Waits for a place, which the returned function gives back. @throws {Problem} 503 when too many wait. */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.#waiting.length < this.limits.queue) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    } else {
      throw new Problem(503, `Too many ${this.what} at the same time.`, {
        headers: { "retry-after": "2" },
      });
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }
}
