// A pool of worker threads, each of which runs one task at a time.
// A worker receives the task as a message. It replies with any number of `{ progress }` and then with
// `{ result }`. A task fails, and its worker is replaced, if the worker throws, exits, or exceeds the time limit.
import { JobError } from "./running-job.ts";

export type Reply<Result> = { readonly progress: number } | { readonly result: Result };

export interface PoolOptions {
  /** The worker's module. */
  readonly worker: string;
  /** Maximum number of workers; each is started when it is first needed. */
  readonly size: number;
  /** Maximum number of tasks that wait for a worker. */
  readonly queue: number;
  /** Milliseconds that a task may run; time in the queue does not count. */
  readonly timeoutMs: number;
}

/** The signal and the callbacks of a task; a `RunningJob` is one. */
export interface TaskContext {
  /** Cancels the task, queued or running. */
  readonly signal: AbortSignal;
  /** Called when a worker starts the task. */
  start?(): void;
  /** @param share the share of the work that is done, 0 to 1. */
  progress?(share: number): void;
}

export class Pool<Task, Result> {
  readonly #workers = new Set<Worker>();
  readonly #idle: Worker[] = [];
  /** Each entry starts the next queued task. */
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(readonly options: PoolOptions) {}

  /** Whether every worker is busy and the queue is full. */
  get isFull(): boolean {
    return this.#isBusy && this.#queue.length >= this.options.queue;
  }

  get #isBusy(): boolean {
    return this.#running >= this.options.size;
  }

  /**
   * Runs the task in a worker. Takes a worker or a slot in the queue synchronously, before it returns the promise.
   * @throws {JobError} if the time limit is exceeded; the signal's reason if it aborts; another error if the worker crashes
   * or the pool is full.
   */
  async run(task: Task, context: TaskContext): Promise<Result> {
    if (this.isFull) throw new Error("Every worker is busy, and the queue is full.");
    // A task that leaves the queue takes over the slot of the task that ended.
    if (this.#isBusy) await this.#waitForSlot(context.signal);
    else this.#running += 1;
    let worker: Worker | undefined;
    try {
      worker = this.#idle.pop() ?? this.#startWorker();
      context.start?.();
      const result = await this.#ask(worker, task, context);
      this.#idle.push(worker);
      return result;
    } catch (error) {
      // The task may still run; only the end of its thread stops it.
      if (worker) this.#remove(worker);
      throw error;
    } finally {
      const startNext = this.#queue.shift();
      if (startNext) startNext();
      else this.#running -= 1;
    }
  }

  /** Rejects, and removes the task from the queue, when the signal aborts. */
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

  #startWorker(): Worker {
    const worker = new Worker(this.options.worker);
    this.#workers.add(worker);
    worker.addEventListener("close", () => this.#remove(worker));
    return worker;
  }

  #remove(worker: Worker): void {
    if (!this.#workers.delete(worker)) return;
    const at = this.#idle.indexOf(worker);
    if (at !== -1) this.#idle.splice(at, 1);
    worker.terminate();
  }

  async #ask(worker: Worker, task: Task, context: TaskContext): Promise<Result> {
    const { signal } = context;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const cancel = () => reject(signal.reason);
    const crash = () => reject(new Error("A worker exited."));
    const { timeoutMs } = this.options;
    const late = new JobError("timeout", `It took more than ${timeoutMs} ms.`);
    const timer = setTimeout(reject, timeoutMs, late);
    signal.addEventListener("abort", cancel, { once: true });
    worker.addEventListener("close", crash, { once: true });
    worker.onerror = ({ message }) => reject(new Error(`A worker failed: ${message}`));
    worker.onmessage = ({ data }: MessageEvent<Reply<Result>>) => {
      if ("result" in data) resolve(data.result);
      else context.progress?.(data.progress);
    };
    try {
      worker.postMessage(task);
      return await promise;
    } finally {
      clearTimeout(timer);
      worker.onmessage = null;
      signal.removeEventListener("abort", cancel);
      worker.removeEventListener("close", crash);
    }
  }

  /** Terminates all workers; running tasks fail. */
  close(): void {
    for (const worker of this.#workers) worker.terminate();
  }
}
