// Limits how many jobs run at the same time and how many may wait.
import { Problem } from "#lib/http";

export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param refusal the detail of the response to a client that is refused. */
  constructor(
    private readonly refusal: string,
    private readonly limits: { readonly concurrency: number; readonly queue: number },
  ) {
    this.#free = limits.concurrency;
  }

  /**
   * Waits for a slot.
   * @param signal ends the wait when it is aborted, such as the signal of a request whose client disconnects.
   * @returns a function that releases the slot. Call it once.
   * @throws {Problem} 503 if the queue is full, 400 if `signal` is aborted while it waits.
   */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.#waiting.length < this.limits.queue) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      const leave = () => {
        const index = this.#waiting.indexOf(resolve);
        if (index !== -1) this.#waiting.splice(index, 1);
        reject(new Problem(400, "The request ended early.")); // This has no effect on a caller that has its slot.
      };
      signal?.addEventListener("abort", leave);
      if (signal?.aborted) leave();
      await promise;
    } else {
      throw new Problem(503, this.refusal);
    }
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }

  /** Runs `work` in a slot. @throws {Problem} 503 if the queue is full. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }
}
