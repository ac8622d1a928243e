// A pool of worker threads, each of which processes one stream of bytes at a time. It has no dependencies.
//
// A worker receives `start`, any number of `chunk`s and `end`. It replies to each chunk with `buffer`,
// which returns the memory, and to `end` with `result`. Each worker has two buffers: one is filled
// while the worker reads the other, so that no chunk is allocated or copied.

export type ToWorker =
  | { readonly type: "start" }
  | { readonly type: "chunk"; readonly buffer: ArrayBuffer; readonly length: number }
  | { readonly type: "end" };

export type FromWorker<Result> =
  | { readonly type: "buffer"; readonly buffer: ArrayBuffer }
  | { readonly type: "result"; readonly result: Result };

/** Fills the buffer from its start and returns the number of bytes; 0 at the end of the stream. */
export type Source = (buffer: Uint8Array) => Promise<number>;

export interface PoolOptions {
  /** The worker's module. */
  readonly worker: string | URL;
  /** Maximum number of workers; each is started when it is first needed. */
  readonly size: number;
  /** Maximum number of tasks that wait for a worker. */
  readonly queue: number;
  /** Milliseconds that a task may run; time in the queue does not count. */
  readonly timeoutMs: number;
  /** Bytes per chunk (256 KiB). */
  readonly chunkBytes?: number;
}

export interface TaskOptions {
  /** Cancels the task, queued or running. */
  readonly signal: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

/** Every worker is busy and the queue is full. */
export class PoolFull extends Error {
  override readonly name = "PoolFull";
}

/** The worker died or exceeded the time limit. The task fails; the worker is replaced. */
export class WorkerFailed extends Error {
  override readonly name = "WorkerFailed";
}

export class Pool<Result> {
  readonly #idle: Thread<Result>[] = [];
  readonly #running = new Set<Thread<Result>>();
  /** Each entry starts the next queued task. */
  readonly #queue: (() => void)[] = [];
  /** Slots in use: by running tasks, and by one that has just left the queue. */
  #usedSlots = 0;

  constructor(readonly options: PoolOptions) {}

  /**
   * Processes the bytes of `source` in a worker. The promise rejects with `WorkerFailed`, with the
   * reason of the signal, or with the error of the source.
   * @throws {PoolFull} synchronously.
   */
  run(source: Source, task: TaskOptions): Promise<Result> {
    const isBusy = this.#usedSlots >= this.options.size;
    if (isBusy && this.#queue.length >= this.options.queue) {
      throw new PoolFull("Every worker is busy, and the queue is full.");
    }
    return this.#run(source, task);
  }

  async #run(source: Source, task: TaskOptions): Promise<Result> {
    if (this.#usedSlots >= this.options.size) await this.#waitForSlot(task.signal);
    else this.#usedSlots += 1;
    const thread = this.#takeThread();
    this.#running.add(thread);
    try {
      return await thread.run(source, task);
    } finally {
      this.#running.delete(thread);
      if (thread.isAlive) this.#idle.push(thread);
      // Give the slot to the next task.
      const startNext = this.#queue.shift();
      if (startNext) startNext();
      else this.#usedSlots -= 1;
    }
  }

  /** An idle worker, or a new one. */
  #takeThread(): Thread<Result> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) if (idle.isAlive) return idle;
    return new Thread(this.options);
  }

  /** Queues the task. Rejects, and removes it from the queue, when the signal aborts. */
  #waitForSlot(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = () => {
      this.#queue.splice(this.#queue.indexOf(start), 1);
      reject(signal.reason);
    };
    const start = () => {
      signal.removeEventListener("abort", cancel);
      resolve();
    };
    signal.throwIfAborted();
    signal.addEventListener("abort", cancel, { once: true });
    this.#queue.push(start);
    return promise;
  }

  /** Terminates all workers; running tasks fail. */
  close(): void {
    for (const thread of [...this.#idle, ...this.#running]) thread.terminate("The pool is closed.");
  }
}

/** One worker and its two buffers. */
class Thread<Result> {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  /** Rejects the current task. Set for each task: one promise per worker would collect a handler for every task. */
  #fail: (error: WorkerFailed) => void = () => undefined;
  /** The reply to the current message; there is never more than one outstanding. */
  #reply = Promise.withResolvers<FromWorker<Result>>();
  /** The buffer that the source fills, and the one that the worker reads. */
  #filling: ArrayBuffer;
  #reading: Promise<ArrayBuffer>;
  isAlive = true;

  constructor({ worker, timeoutMs, chunkBytes = 256 * 1024 }: PoolOptions) {
    this.#timeoutMs = timeoutMs;
    this.#filling = new ArrayBuffer(chunkBytes);
    this.#reading = Promise.resolve(new ArrayBuffer(chunkBytes));
    this.#worker = new Worker(worker);
    this.#worker.addEventListener("message", ({ data }) => this.#reply.resolve(data));
    this.#worker.addEventListener("error", ({ message }) =>
      this.terminate(`A worker failed: ${message}`),
    );
    this.#worker.addEventListener("close", () => this.terminate("A worker exited."));
  }

  async run(source: Source, task: TaskOptions): Promise<Result> {
    const failed = Promise.withResolvers<never>();
    this.#fail = failed.reject;
    const timer = setTimeout(() => this.terminate("The task took too long."), this.#timeoutMs);
    try {
      return await Promise.race([this.#feed(source, task), failed.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #feed(source: Source, { signal, onProgress }: TaskOptions): Promise<Result> {
    this.#worker.postMessage({ type: "start" } satisfies ToWorker);
    for (let bytes = 0; ; ) {
      const length = await source(new Uint8Array(this.#filling));
      const returned = await this.#reading;
      signal.throwIfAborted();
      // `terminate` has already rejected the task; this ends the loop.
      if (!this.isAlive) throw new WorkerFailed("The worker was terminated.");
      if (length === 0) {
        this.#reading = Promise.resolve(returned);
        break;
      }
      this.#reading = this.#process(this.#filling, length);
      this.#filling = returned;
      bytes += length;
      onProgress?.(bytes);
    }
    const reply = await this.#request({ type: "end" });
    if (reply.type === "result") return reply.result;
    throw new WorkerFailed("A worker sent an unexpected reply.");
  }

  async #process(buffer: ArrayBuffer, length: number): Promise<ArrayBuffer> {
    const reply = await this.#request({ type: "chunk", buffer, length }, [buffer]);
    if (reply.type === "buffer") return reply.buffer;
    throw new WorkerFailed("A worker sent an unexpected reply.");
  }

  #request(message: ToWorker, transfer: ArrayBuffer[] = []): Promise<FromWorker<Result>> {
    this.#reply = Promise.withResolvers();
    this.#worker.postMessage(message, transfer);
    return this.#reply.promise;
  }

  terminate(reason: string): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#fail(new WorkerFailed(reason));
    this.#worker.terminate();
  }
}
