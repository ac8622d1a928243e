// One job of this instance: what its work may do, and how it ends.
import { log } from "#lib/log";
import type { MessageStore, NewMessage } from "../messages/store.ts";

/** An error that ends a job. Clients see its code and message. */
export class JobError extends Error {
  override readonly name = "JobError";

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const cancelled = new JobError("cancelled", "The job was cancelled.");
export const interrupted = new JobError("interrupted", "The service stopped.");

/** The last message of a job. */
export interface End {
  readonly event: "result" | "error";
  readonly data: Readonly<Record<string, unknown>>;
}

/** The idempotency key of the message that ends a job. It contains a space, which keys of clients cannot. */
export function endKey(topic: string): string {
  return `end ${topic}`;
}

/** Milliseconds between two progress messages. */
const PROGRESS_MS = 250;

export class RunningJob {
  readonly #abort = new AbortController();
  #progress = 0;
  /** When the status was last published; 0 until `Jobs` publishes the first one. */
  #publishedAt = 0;
  #timer: Timer | undefined;
  /** Messages are stored one after the other, in the order in which they were published. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly topic: string,
    readonly messages: MessageStore,
    private status: "queued" | "running",
    readonly onStatus: (status: string) => void,
  ) {
    onStatus(status);
  }

  /** Aborts when the job is cancelled, has ended, or the service stops. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Reports that the work has begun: the status changes from `queued` to `running`. */
  start(): void {
    if (this.status === "running") return;
    this.status = "running";
    this.onStatus("running");
    this.#schedule();
  }

  /** Reports the share of the work that is done, 0 to 1. At most four reports a second are published. */
  progress(share: number): void {
    this.#progress = share;
    this.#schedule();
  }

  /** Publishes a message of the job's topic, after the earlier ones; `state` is that of `append`. Rejects once `signal` is aborted. */
  publish(event: string, data: NewMessage["data"], state?: "set"): Promise<unknown> {
    const { topic } = this;
    // No message may follow the end of the job: the signal is checked just before the message is stored, and the store
    // checks `endKey`, because another instance may have ended the job.
    const append = () => {
      this.signal.throwIfAborted();
      return this.messages.append({ topic, event, data, state, endKey: endKey(topic) });
    };
    this.#last = this.#last.then(append, append);
    return this.#last;
  }

  publishStatus(): Promise<unknown> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#publishedAt = performance.now();
    const { status } = this;
    const { instance } = this.messages;
    return this.publish("progress", { progress: this.#progress, status, instance }, "set");
  }

  #schedule(): void {
    if (this.#timer || this.#publishedAt === 0 || this.signal.aborted) return;
    const wait = Math.max(0, this.#publishedAt + PROGRESS_MS - performance.now());
    this.#timer = setTimeout(async () => {
      try {
        await this.publishStatus();
      } catch (error) {
        log.debug("a progress message was not stored: {error}", { error });
      }
    }, wait);
  }

  /** Aborts `signal`. If the work then fails, for whatever reason, the job ends with this error. */
  abort(reason: JobError): void {
    this.#abort.abort(reason);
  }

  /** Waits for the work. @returns the message that ends the job. */
  async outcome(working: Promise<Readonly<Record<string, unknown>>>): Promise<End> {
    let end: End;
    try {
      end = { event: "result", data: await working };
    } catch (error) {
      end = failure(this.signal.aborted ? this.signal.reason : error);
    }
    await this.#last.catch(() => undefined);
    this.#abort.abort();
    clearTimeout(this.#timer);
    return end;
  }
}

/** The end of a job with an error. Logs the error unless it is a `JobError`. */
export function failure(error: unknown): End {
  if (error instanceof JobError) {
    return { event: "error", data: { code: error.code, detail: error.message } };
  }
  log.error("a job failed: {error}", { error });
  return failure(new JobError("failed", "The job failed."));
}
