// Jobs: work in the background whose events are messages of the topic `jobs/<id>`.
import { log } from "#lib/log";
import type { Counter, Metrics } from "#lib/metrics";
import type { Message, MessageStore } from "../messages/store.ts";
import { RunningJob } from "./running-job.ts";

export interface Job {
  readonly id: string;
  readonly status: "queued" | "running" | "done" | "failed" | "cancelled";
  /** Share of the work that is done, 0 to 1. */
  readonly progress: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: Readonly<Record<string, unknown>>;
}

/**
 * Does the work of a job and resolves with its result. If it rejects, the job ends with an error; clients see the
 * code and message of a `JobError` only.
 */
export type Work = (job: RunningJob) => Promise<Readonly<Record<string, unknown>>>;

/** Milliseconds between two checks whether the instances of unfinished jobs are alive. */
const CHECK_MS = 2000;
const RETRY_MS = 1000;

export class Jobs {
  /** The jobs of this instance, by topic. */
  readonly #running = new Map<string, RunningJob>();
  /** Unfinished jobs of other instances: the instance, by topic. */
  readonly #others = new Map<string, string>();
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
    void this.#recover();
    this.#timer = setInterval(() => this.#endInterrupted(), CHECK_MS);
  }

  /** Starts a job. @param status `queued` if the work calls `job.start()` later. */
  async start(work: Work, status: "queued" | "running" = "running") {
    const id = crypto.randomUUID();
    const count = (reached: string) => this.#count.inc({ status: reached });
    const job = new RunningJob(`jobs/${id}`, this.messages, status, count);
    const working = work(job);
    const created = job.publishStatus();
    this.#running.set(job.topic, job);
    job.ended = this.#finish(job, working, created);
    try {
      await created;
    } catch (error) {
      job.interrupt();
      throw error;
    }
    return { id, topic: job.topic };
  }

  async get(id: string): Promise<Job | undefined> {
    const newest = async (event: string) => {
      const [message] = await this.messages.newest({ topics: [`jobs/${id}`], event, limit: 1 });
      return message?.data;
    };
    const reported = await newest("progress");
    const result = await newest("result");
    const error = await newest("error");
    if (!reported && !result && !error) return undefined;
    const progress = Number(reported?.progress ?? 0);
    if (result) return { id, status: "done", progress: 1, result };
    if (!error)
      return { id, status: reported?.status === "queued" ? "queued" : "running", progress };
    return { id, status: error.code === "cancelled" ? "cancelled" : "failed", progress, error };
  }

  /** Cancels a job, also one of another instance. A job that has ended does not change. */
  async cancel(id: string): Promise<void> {
    this.#running.get(`jobs/${id}`)?.cancel();
    await this.#end(`jobs/${id}`, "error", { code: "cancelled", detail: "The job was cancelled." });
  }

  /** Resolves when the jobs of this instance have ended. */
  async drain(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  /** Ends the jobs that still run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const job of this.#running.values()) job.interrupt();
    await this.drain();
  }

  async #finish(
    job: RunningJob,
    working: ReturnType<Work>,
    created: Promise<unknown>,
  ): Promise<void> {
    const [event, data] = await job.outcome(working);
    this.#count.inc({
      status: event === "result" ? "done" : data.code === "cancelled" ? "cancelled" : "failed",
    });
    // No client knows of a job whose first status was not stored, so its end is not stored either.
    let isStored = await created.then(
      () => false,
      () => true,
    );
    while (!isStored) {
      try {
        await this.#end(job.topic, event, data);
        isStored = true;
      } catch (error) {
        log.warn("cannot store the end of {topic}: {error}", { topic: job.topic, error });
        if (this.#isClosed) break;
        await Bun.sleep(RETRY_MS);
      }
    }
    this.#running.delete(job.topic);
  }

  /**
   * Stores the end of a job. The idempotency key ensures that a job ends only once, even if two instances end it.
   * The key contains a space, which keys of clients cannot.
   */
  async #end(topic: string, event: "result" | "error", data: Readonly<Record<string, unknown>>) {
    await this.messages.append({ topic, event, data, key: `end ${topic}` });
  }

  #onMessages(messages: readonly Message[]): void {
    for (const { topic, event, data } of messages) {
      if (!topic.startsWith("jobs/")) continue;
      const isEnd = event === "result" || event === "error";
      if (isEnd) this.#others.delete(topic);
      // Another instance may have cancelled the job: its end is stored while it still runs here.
      if (isEnd) this.#running.get(topic)?.cancel();
      else if (!this.#running.has(topic)) this.#watch(topic, data);
    }
  }

  #watch(topic: string, { instance }: Message["data"]): void {
    if (typeof instance === "string" && instance !== this.messages.instance) {
      this.#others.set(topic, instance);
    }
  }

  /** Finds the jobs that had not ended when this instance started. */
  async #recover(): Promise<void> {
    const found = new Map<string, Message["data"]>();
    try {
      let after: string | undefined;
      for (;;) {
        const page = await this.messages.read({ topics: ["jobs/*"], after, limit: 500 });
        for (const { topic, event, data } of page.messages) {
          if (event === "result" || event === "error") found.delete(topic);
          else if (event === "progress") found.set(topic, data);
        }
        after = page.cursor;
        if (page.messages.length < 500) break;
      }
    } catch (error) {
      log.warn("cannot look for interrupted jobs, trying again: {error}", { error });
      await Bun.sleep(RETRY_MS);
      return this.#isClosed ? undefined : this.#recover();
    }
    for (const [topic, data] of found) if (!this.#running.has(topic)) this.#watch(topic, data);
    await this.#endInterrupted();
  }

  /** Ends the jobs whose instance crashed. */
  async #endInterrupted(): Promise<void> {
    try {
      for (const [topic, instance] of this.#others) {
        if (await this.messages.isAlive(instance)) continue;
        await this.#end(topic, "error", { code: "interrupted", detail: "The service stopped." });
        this.#others.delete(topic);
      }
    } catch (error) {
      log.debug("cannot check the instances of jobs: {error}", { error });
    }
  }
}
