// For the tests of jobs: uploads, jobs, and the events of a job.
import { openSync } from "node:fs";
import { readdir, readlink, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "bun";
import type { TestServer } from "../../../test/server.ts";
import type { ReceivedEvent } from "../events/parse.ts";
import type { StartedJob } from "./analysis-routes.ts";
import type { Job } from "./jobs.ts";

/** @returns the id of the upload. */
export async function upload(server: TestServer, body: string): Promise<string> {
  const response = await server.fetch("/api/uploads?name=x", { method: "POST", body });
  return ((await response.json()) as { id: string }).id;
}

/** An upload whose analysis takes long and reports progress: its file is extended to 64 GiB of zeros. */
export async function uploadHuge(server: TestServer): Promise<string> {
  const id = await upload(server, "huge");
  await truncate(contentOf(server, id), 2 ** 36);
  return id;
}

/** An upload whose analysis does not end. */
export async function uploadEndless(server: TestServer): Promise<string> {
  const id = await upload(server, "endless");
  await makeEndless(server, id);
  return id;
}

/** On Linux, replaces the file by a pipe to which nothing is written: unlike a huge file, it costs no processor time. */
export async function makeEndless(server: TestServer, upload: string): Promise<void> {
  const content = contentOf(server, upload);
  if (process.platform !== "linux") return truncate(content, 2 ** 36);
  await rm(content);
  await $`mkfifo ${content}`;
  // Stays open while the tests run: without a writer, the service could not open the pipe.
  openSync(content, "r+");
}

function contentOf({ dataDir }: TestServer, upload: string): string {
  return join(dataDir, "uploads", upload, "content");
}

export function analyse(server: TestServer, upload: string): Promise<Response> {
  return server.fetch(`/api/uploads/${upload}/analysis`, { method: "POST" });
}

export async function startJob(server: TestServer, upload: string): Promise<StartedJob> {
  return (await (await analyse(server, upload)).json()) as StartedJob;
}

export async function jobOf(server: TestServer, { id }: StartedJob) {
  return (await (await server.fetch(`/api/jobs/${id}`)).json()) as Job;
}

/** Waits until the service has no upload open; on Linux only. */
export async function untilUploadsAreClosed({ pid, dataDir }: TestServer): Promise<void> {
  if (process.platform !== "linux") return;
  const folder = `/proc/${pid}/fd`;
  const uploads = join(dataDir, "uploads");
  const isUpload = async (fd: string) => {
    // A descriptor may be closed before its link is read.
    const path = await readlink(join(folder, fd)).catch(() => "");
    return path.startsWith(uploads);
  };
  while ((await Promise.all((await readdir(folder)).map(isUpload))).some(Boolean)) {
    await Bun.sleep(20);
  }
}

/** The events of a job, from its start (or after `lastEventId`) to its end. */
export async function eventsOf(
  server: TestServer,
  { topic }: StartedJob,
  lastEventId?: string,
): Promise<ReceivedEvent[]> {
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  using client = await server.events(headers, `?topic=${topic}`);
  const events: ReceivedEvent[] = [];
  for (let event = await client.next(); event; event = await client.next()) {
    events.push(event);
    if (event.event === "result" || event.event === "error") break;
  }
  return events;
}
