// Has uploads analysed by jobs, and shows their progress; also after the page was reloaded.
import type { StartedJob } from "../jobs/analysis-routes.ts";
import type { Job } from "../jobs/jobs.ts";
import type { Upload } from "../uploads/store.ts";
import { api, openEvents, RequestError, send } from "./client.ts";
import { FileCard, quantity } from "./file-card.ts";

interface AnalysisJob extends StartedJob {
  readonly upload: Upload;
}

const KEY = "jobs";
/** Jobs that a reloaded page shows again. */
const MAX_JOBS = 10;

/** The jobs that have not ended, by topic. */
const followed = new Map<string, AnalysisJob & { readonly card: FileCard }>();
/** One stream for all of them, because a browser opens at most six HTTP/1.1 connections to a host. */
let source: EventSource | undefined;

/** @throws {Error} with a message for the user, if there is no job. */
export async function analyse(upload: Upload, card: FileCard): Promise<void> {
  const param = { id: upload.id };
  const job = { upload, ...(await send(api.uploads[":id"].analysis.$post({ param }))) };
  sessionStorage.setItem(KEY, JSON.stringify([job, ...storedJobs()].slice(0, MAX_JOBS)));
  follow(job, card);
  connect();
}

/** Shows the jobs that this tab started before it was reloaded. */
export function resumeJobs(): void {
  for (const job of storedJobs().toReversed()) {
    const card = new FileCard(job.upload.name);
    card.link(job.upload.id);
    follow(job, card);
  }
  connect();
}

function storedJobs(): readonly AnalysisJob[] {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
}

function follow({ id, topic, upload }: AnalysisJob, card: FileCard): void {
  followed.set(topic, { id, topic, upload, card });
  card.showProgress("Waiting", 0);
  card.offerCancel(async () => {
    show(topic, (await send(api.jobs[":id"].$delete({ param: { id } }))) as Job);
  });
}

/** Opens the stream for the jobs that are followed now; it starts with their first events. */
function connect(): void {
  source?.close();
  if (followed.size === 0) return;
  const opened = openEvents([...followed.keys()]);
  source = opened;
  // The events of a job may have been dropped, its state is not.
  opened.onopen = readStates;
  opened.addEventListener("progress", ({ data }) => {
    const job = JSON.parse(data);
    show(job.topic, job);
  });
  opened.addEventListener("result", ({ data }) => {
    const result = JSON.parse(data);
    show(result.topic, { result });
  });
  // Both the event `error` of a job and an interrupted connection arrive here.
  opened.addEventListener("error", async (event) => {
    if (event instanceof MessageEvent) {
      const error = JSON.parse(event.data);
      show(error.topic, { error });
      return;
    }
    // After an error response, e.g. a 403 for one of the jobs, the browser does not reconnect.
    if (opened.readyState !== EventSource.CLOSED) return;
    await readStates();
    setTimeout(() => source === opened && connect(), 1000 + Math.random() * 2000);
  });
}

/** Shows the state of each job, or why it cannot be read. */
async function readStates(): Promise<void> {
  const reads = [...followed].map(async ([topic, { id }]) => {
    try {
      show(topic, (await send(api.jobs[":id"].$get({ param: { id } }))) as Job);
    } catch (error) {
      const isFinal = error instanceof RequestError && [401, 403, 404].includes(error.status ?? 0);
      if (isFinal) show(topic, { error: { detail: error.message } });
    }
  });
  await Promise.all(reads);
}

/** Shows the state of a job; its events have only a part of it. */
function show(topic: string, { status, progress = 0, result, error }: Partial<Job>): void {
  const job = followed.get(topic);
  if (!job) return;
  const { upload, card } = job;
  if (status === "queued" || status === "running") {
    card.showProgress(status === "queued" ? "Waiting" : "Analysing", progress);
    return;
  }
  followed.delete(topic);
  if (followed.size === 0) source?.close();
  if (!result) {
    card.fail(String(error?.detail));
    return;
  }
  const counts = ["bytes", "lines", "words"].map((unit) => quantity(Number(result[unit]), unit));
  card.finish(upload.type, ...counts);
}
