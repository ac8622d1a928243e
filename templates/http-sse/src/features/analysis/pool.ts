// A pool of workers, each fed with one stream of bytes at a time. It depends on nothing here: take it along.
//
// A worker gets `start`, any number of `chunk`s and `end`. It answers each chunk with `buffer`, which
// hands the memory back, and `end` with `result`. Two buffers for each worker go to and fro: one is
// filled while the worker looks at the other, and nothing is allocated or copied for a chunk.

export type ToWorker =
  | { readonly type: "start" }
  | { readonly type: "chunk"; readonly buffer: ArrayBuffer; readonly length: number }
  | { readonly type: "end" };

export type FromWorker<Result> =
  | { readonly type: "buffer"; readonly buffer: ArrayBuffer }
  | { readonly type: "result"; readonly result: Result };

/** Fills the buffer from its start and returns how many bytes that were; 0 at the end. */
export type Source = (buffer: Uint8Array) => Promise<number>;

export interface PoolOptions {
  /** The worker's module. */
  readonly worker: string | URL;
  /** Workers, at the most; each is started when it is first needed. */
  readonly size: number;
  /** Tasks that may wait for a worker. */
  readonly queue: number;
  /** Milliseconds that a task may take, from its start on. */
  readonly timeoutMs: number;
  /** Bytes of a chunk. */
  readonly chunkBytes?: number;
}

export interface TaskOptions {
  /** Abandons the task, while it waits or while it runs. */
  readonly signal: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

/** Every worker is busy and the queue is full. */
export class PoolFull extends Error {
  override readonly name = "PoolFull";
}

/** The worker died, or took too long. Another one takes its place; the task is lost. */
export class WorkerFailed extends Error {
  override readonly name = "WorkerFailed";
}

export class Pool<Result> {
  readonly #idle: Thread<Result>[] = [];
  readonly #running = new Set<Thread<Result>>();
  readonly #waiting: (() => void)[] = [];
  /** Places that are taken: by a task that runs, or by one that was just called from the queue. */
  #taken = 0;

  constructor(readonly options: PoolOptions) {}

  /**
   * Sends the bytes of `source` through a worker.
   * @throws {PoolFull} at once. The promise rejects with `WorkerFailed`, with the reason of the
   * signal, or with what the source threw.
   */
  run(source: Source, task: TaskOptions): Promise<Result> {
    const full = this.#taken >= this.options.size;
    if (full && this.#waiting.length >= this.options.queue) {
      throw new PoolFull("Every worker is busy, and the queue is full.");
    }
    return this.#run(source, task);
  }

  async #run(source: Source, task: TaskOptions): Promise<Result> {
    if (this.#taken >= this.options.size) await this.#turn(task.signal);
    else this.#taken += 1;
    const thread = this.#thread();
    this.#running.add(thread);
    try {
      return await thread.run(source, task);
    } finally {
      this.#running.delete(thread);
      if (thread.alive) this.#idle.push(thread);
      const next = this.#waiting.shift();
      if (next) next();
      else this.#taken -= 1;
    }
  }

  /** A worker that is free, or a new one. */
  #thread(): Thread<Result> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) if (idle.alive) return idle;
    return new Thread(this.options);
  }

  /** Waits for the place of a task that ends; whose signal is aborted leaves the queue. */
  #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.splice(this.#waiting.indexOf(start), 1);
      reject(signal.reason);
    };
    const start = () => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    signal.throwIfAborted();
    signal.addEventListener("abort", leave, { once: true });
    this.#waiting.push(start);
    return promise;
  }

  /** Ends all workers; tasks that still run fail. */
  close(): void {
    for (const thread of [...this.#idle, ...this.#running]) thread.end("The pool is closed.");
  }
}

/** One worker and its two buffers. */
class Thread<Result> {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  /** Fails the task at hand. Not a promise for the whole life of the worker: each task would leave a waiter on it. */
  #fail: (error: WorkerFailed) => void = () => undefined;
  /** What the worker owes; never more than one answer. */
  #answer = Promise.withResolvers<FromWorker<Result>>();
  /** The buffer that is filled, and the one that the worker has. */
  #mine: ArrayBuffer;
  #lent: Promise<ArrayBuffer>;
  alive = true;

  constructor({ worker, timeoutMs, chunkBytes = 256 * 1024 }: PoolOptions) {
    this.#timeoutMs = timeoutMs;
    this.#mine = new ArrayBuffer(chunkBytes);
    this.#lent = Promise.resolve(new ArrayBuffer(chunkBytes));
    this.#worker = new Worker(worker);
    this.#worker.addEventListener("message", ({ data }) => this.#answer.resolve(data));
    this.#worker.addEventListener("error", ({ message }) =>
      this.end(`A worker failed: ${message}`),
    );
    this.#worker.addEventListener("close", () => this.end("A worker ended."));
  }

  async run(source: Source, task: TaskOptions): Promise<Result> {
    const failed = Promise.withResolvers<never>();
    this.#fail = failed.reject;
    const timer = setTimeout(() => this.end("The task took too long."), this.#timeoutMs);
    try {
      return await Promise.race([this.#feed(source, task), failed.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #feed(source: Source, { signal, onProgress }: TaskOptions): Promise<Result> {
    this.#worker.postMessage({ type: "start" } satisfies ToWorker);
    for (let bytes = 0; ; ) {
      const length = await source(new Uint8Array(this.#mine));
      const returned = await this.#lent;
      signal.throwIfAborted();
      // It was ended meanwhile, and whoever waited has been told.
      if (!this.alive) throw new WorkerFailed("The worker is gone.");
      if (length === 0) {
        this.#lent = Promise.resolve(returned);
        break;
      }
      this.#lent = this.#lend(this.#mine, length);
      this.#mine = returned;
      bytes += length;
      onProgress?.(bytes);
    }
    const answer = await this.#ask({ type: "end" });
    if (answer.type === "result") return answer.result;
    throw new WorkerFailed("A worker answered out of turn.");
  }

  async #lend(buffer: ArrayBuffer, length: number): Promise<ArrayBuffer> {
    const answer = await this.#ask({ type: "chunk", buffer, length }, [buffer]);
    if (answer.type === "buffer") return answer.buffer;
    throw new WorkerFailed("A worker answered out of turn.");
  }

  #ask(message: ToWorker, transfer: ArrayBuffer[] = []): Promise<FromWorker<Result>> {
    this.#answer = Promise.withResolvers();
    this.#worker.postMessage(message, transfer);
    return this.#answer.promise;
  }

  end(reason: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.#fail(new WorkerFailed(reason));
    this.#worker.terminate();
  }
}
