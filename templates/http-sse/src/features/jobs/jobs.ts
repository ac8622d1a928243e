// Jobs: work in the background whose events are messages of the topic `jobs/<id>`.
import { z } from "zod";
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import type { Counter, Metrics } from "#lib/metrics";
import type { Message, MessageStore } from "../messages/store.ts";
import { cancelled, type End, endKey, failure, interrupted, RunningJob } from "./running-job.ts";

/** Ids are UUIDs. With any other text, such as `*`, `jobs/<id>` might not be a topic. */
export const jobId = z.uuid();

export const Job = z.object({
  id: jobId,
  status: z.enum(["queued", "running", "done", "failed", "cancelled"]),
  /** Share of the work that is done, 0 to 1. */
  progress: z.number().min(0).max(1),
  result: z.record(z.string(), z.unknown()).exactOptional(),
  error: z.record(z.string(), z.unknown()).exactOptional(),
});
export type Job = Readonly<z.output<typeof Job>>;

/**
 * Does the work of a job and resolves with its result. If it rejects, the job ends with an error; clients see the
 * code and message of a `JobError` only.
 */
export type Work = (job: RunningJob) => Promise<Readonly<Record<string, unknown>>>;

/** Milliseconds between two checks whether the instances of unfinished jobs are alive. */
const CHECK_MS = 2000;
const RETRY_MS = 1000;

export class Jobs {
  /** The jobs of this instance, by topic. `ended` resolves when the end is stored. */
  readonly #running = new Map<
    string,
    { readonly job: RunningJob; readonly ended: Promise<void> }
  >();
  readonly #count: Counter;
  readonly #timer: Timer;
  #isClosed = false;

  constructor(
    readonly messages: MessageStore,
    metrics: Metrics,
  ) {
    this.#count = metrics.counter({
      name: "sse_jobs",
      help: "Jobs of this instance that reached a status.",
      labels: ["status"],
    });
    messages.subscribe((published) => this.#onMessages(published));
    void this.#endInterrupted();
    this.#timer = setInterval(() => this.#endInterrupted(), CHECK_MS);
  }

  /**
   * Starts a job. `work` is called before the first `await`, and the promise resolves when the first status is stored.
   * @param status `queued` if the work calls `job.start()` later.
   */
  async start(work: Work, status: "queued" | "running" = "running") {
    const id = crypto.randomUUID();
    const topic = `jobs/${id}`;
    const count = (reached: string) => this.#count.inc({ status: reached });
    const job = new RunningJob(topic, this.messages, status, count);
    // The work starts first: if it calls `job.start()` immediately, the first status is already `running`.
    const working = work(job);
    const created = job.publishStatus();
    this.#running.set(topic, { job, ended: this.#finish(job, working, created) });
    try {
      await created;
    } catch (error) {
      job.abort(interrupted);
      throw error;
    }
    return { id, topic };
  }

  /** The state of a job; undefined if the id is unknown or malformed. */
  async get(id: string): Promise<Job | undefined> {
    if (!jobId.safeParse(id).success) return undefined;
    const topic = `jobs/${id}`;
    // Before the end is read: the state of a job that ends in between is removed.
    const state = (await this.messages.states()).get(topic);
    const end = await this.messages.getByKey(endKey(topic));
    if (end?.event === "result") return { id, status: "done", progress: 1, result: end.data };
    if (end) {
      const query = { patterns: [topic], event: "progress", limit: 1 };
      const [reported] = await this.messages.newest(query);
      const progress = Number(reported?.data.progress ?? 0);
      return { id, status: statusOf(end), progress, error: end.data };
    }
    if (!state) return undefined;
    const status = state.status === "queued" ? "queued" : "running";
    return { id, status, progress: Number(state.progress) };
  }

  /** Cancels a job, also one of another instance. A job that has ended does not change. */
  async cancel(id: string): Promise<void> {
    this.#running.get(`jobs/${id}`)?.job.abort(cancelled);
    await this.#end(`jobs/${id}`, failure(cancelled));
  }

  /** Resolves when the jobs of this instance have ended. */
  async drain(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  /** Ends the jobs that still run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const { job } of this.#running.values()) job.abort(interrupted);
    await this.drain();
  }

  async #finish(
    job: RunningJob,
    working: ReturnType<Work>,
    created: Promise<unknown>,
  ): Promise<void> {
    let end = await job.outcome(working);
    const [{ status }] = await Promise.allSettled([created]);
    // No client knows of a job whose first status was not stored, so its end is not stored either.
    if (status === "fulfilled") end = await this.#endWithRetries(job.topic, end);
    this.#count.inc({ status: statusOf(end) });
    this.#running.delete(job.topic);
  }

  /**
   * Repeats until the end is stored or the service stops. If the store refuses `result`, the job ends with an error.
   * @returns the end of the job.
   */
  async #endWithRetries(topic: string, result: End): Promise<End> {
    for (let end = result; ; ) {
      try {
        await this.#end(topic, end);
        return end;
      } catch (error) {
        log.warn("cannot store the end of {topic}: {error}", { topic, error });
        if (this.#isClosed) return end;
        // Not an outage, but for example a result that JSON cannot represent: the next attempt would fail, too.
        if (!(error instanceof Problem)) end = failure(error);
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  /** Stores the end of a job. The idempotency key ensures that a job ends only once, even if two instances end it. */
  async #end(topic: string, end: End): Promise<void> {
    await this.messages.append({ topic, ...end, key: endKey(topic), state: "remove" });
  }

  #onMessages(messages: readonly Message[]): void {
    for (const { topic, event } of messages) {
      // Another instance may have cancelled the job: its end is stored while it still runs here.
      if (event === "result" || event === "error") this.#running.get(topic)?.job.abort(cancelled);
    }
  }

  /** Ends the jobs whose instance crashed. A job has a state until its end is stored. */
  async #endInterrupted(): Promise<void> {
    const { messages } = this;
    try {
      for (const [topic, { instance }] of await messages.states()) {
        const isOwn = instance === messages.instance;
        // A job of this instance can have a state although it does not run. The store saved its first status, but the
        // reply was lost. `start` then threw an error, so no client knows this job.
        const isRunning = isOwn ? this.#running.has(topic) : await messages.isAlive(`${instance}`);
        if (!isRunning) await this.#end(topic, failure(interrupted));
      }
    } catch (error) {
      log.debug("cannot check the instances of jobs: {error}", { error });
    }
  }
}

function statusOf({ event, data }: Pick<Message, "event" | "data">) {
  if (event === "result") return "done";
  return data.code === "cancelled" ? "cancelled" : "failed";
}
