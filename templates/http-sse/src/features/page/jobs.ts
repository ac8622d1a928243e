// Has an upload analysed by a job, and shows its progress; also after the page was reloaded.
import type { StartedJob } from "../jobs/analysis-routes.ts";
import type { Upload } from "../uploads/store.ts";
import { api, openEvents, problemText } from "./client.ts";
import { FileCard } from "./file-card.ts";

interface AnalysisJob extends StartedJob {
  readonly upload: Upload;
}

const KEY = "jobs";
/** Jobs that a reloaded page shows again. */
const MAX_JOBS = 10;

const number = new Intl.NumberFormat();

/** @throws {Error} with a message for the user, if there is no job. */
export async function analyse(upload: Upload, card: FileCard): Promise<void> {
  const response = await api.uploads[":id"].analysis.$post({ param: { id: upload.id } });
  if (!response.ok) throw new Error(await problemText(response));
  const job = { upload, ...(await response.json()) };
  sessionStorage.setItem(KEY, JSON.stringify([job, ...storedJobs()].slice(0, MAX_JOBS)));
  follow(job, card);
}

/** Shows the jobs that this tab started before it was reloaded. */
export function resumeJobs(): void {
  for (const job of storedJobs().toReversed()) {
    const card = new FileCard(job.upload.name);
    card.link(job.upload.id);
    follow(job, card);
  }
}

function storedJobs(): readonly AnalysisJob[] {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
}

/** A job's stream starts with its first event, and the browser resumes it after an interruption. */
function follow({ upload, id, topic }: AnalysisJob, card: FileCard): void {
  const source = openEvents({ topic });
  card.offerCancel(async () => {
    const response = await api.jobs[":id"].$delete({ param: { id } });
    if (!response.ok) card.fail(await problemText(response));
  });
  const end = (show: () => void) => {
    source.close();
    show();
  };
  source.addEventListener("progress", ({ data }) => {
    const { status, progress } = JSON.parse(data);
    card.showProgress(status === "queued" ? "Waiting" : "Analysing", progress);
  });
  source.addEventListener("result", ({ data }) => {
    const result = JSON.parse(data);
    const counts = ["bytes", "lines", "words"].map(
      (unit) => `${number.format(result[unit])} ${unit}`,
    );
    end(() => card.finish(upload.type, ...counts));
  });
  // Both the job's event `error` and an interrupted connection arrive here.
  source.addEventListener("error", (event) => {
    if (event instanceof MessageEvent) end(() => card.fail(JSON.parse(event.data).detail));
    else if (source.readyState === EventSource.CLOSED) {
      card.fail("The job cannot be followed now. Reload the page to try again.");
    }
  });
}
