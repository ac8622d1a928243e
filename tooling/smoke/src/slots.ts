// A semaphore: limits how many cells run at the same time, in the order in which they ask.

export class Slots {
  readonly #waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Runs `work` as soon as a slot is free. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}
