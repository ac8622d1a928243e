// Jobs over HTTP: the analysis of an upload, its events, a full queue, cancellation, a timeout, shutdowns.
import { expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TestServer } from "../../../test/server.ts";
import {
  analyse,
  eventsOf,
  jobOf,
  startJob,
  untilUploadsAreClosed,
  upload,
  uploadEndless,
  uploadHuge,
} from "./test-client.ts";

const ONE_WORKER = { JOB_WORKERS: "1", JOB_QUEUE: "1" };

test("counts like wc; events and state agree", async () => {
  await using server = await TestServer.start();
  const text = `${"one two\tthree\r\n\n ünï 🙂 ".repeat(40_000)}end`;
  const response = await analyse(server, await upload(server, text));
  expect(response.status).toBe(202);
  const job = (await response.json()) as { id: string; topic: string };
  expect(job).toEqual({ id: expect.any(String), topic: `jobs/${job.id}` });
  expect(response.headers.get("location")).toBe(`/api/jobs/${job.id}`);
  const events = await eventsOf(server, job);
  expect(events.slice(0, -1).map(({ event }) => event)).toContain("progress");
  const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  const result = { bytes: Buffer.byteLength(text), lines: 80_000, words: 200_001, sha256 };
  const last = events.at(-1);
  expect(last?.event).toBe("result");
  expect(JSON.parse(last?.data ?? "")).toEqual({
    id: last?.id,
    topic: job.topic,
    ...result,
    at: expect.any(String),
  });
  expect(await jobOf(server, job)).toMatchObject({ status: "done", progress: 1 });
  expect((await jobOf(server, job)).result).toEqual(result);
  // Also after the end: from its start, or after any of its events.
  expect(await eventsOf(server, job)).toEqual(events);
  expect(await eventsOf(server, job, events[0]?.id)).toEqual(events.slice(1));
});

test("an empty file has a result; an unknown upload or job is 404", async () => {
  await using server = await TestServer.start();
  const events = await eventsOf(server, await startJob(server, await upload(server, "")));
  expect(events.at(-1)?.event).toBe("result");
  for (const id of ["x", "..%2f", "*", "*%2f*", crypto.randomUUID()]) {
    expect((await analyse(server, id)).status).toBe(404);
    for (const method of ["GET", "DELETE"]) {
      expect([id, (await server.fetch(`/api/jobs/${id}`, { method })).status]).toEqual([id, 404]);
    }
  }
});

test("a form of a cross-origin page cannot start one", async () => {
  await using server = await TestServer.start();
  const headers = { origin: "https://evil.example" };
  const path = `/api/uploads/${await upload(server, "text")}/analysis`;
  expect((await server.fetch(path, { method: "POST", headers })).status).toBe(403);
});

test("progress increases, at most four times a second; a full queue is 503; cancelling frees the slot", async () => {
  await using server = await TestServer.start({ ...ONE_WORKER, METRICS_PORT: "0" });
  const [huge, small] = [await uploadHuge(server), await upload(server, "small")];
  const running = await startJob(server, huge);
  const queued = await startJob(server, small);
  expect(await jobOf(server, queued)).toMatchObject({ status: "queued", progress: 0 });
  const refused = await analyse(server, small);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  const metrics = /http:\/\/\S+\/metrics/.exec(server.output)?.[0] ?? "";
  // The refused job is not counted.
  expect(await (await fetch(metrics)).text()).toContain('sse_jobs{status="queued"} 2\n');

  using client = await server.events({}, `?topic=${running.topic}`);
  const times: number[] = [];
  let progress = -1;
  while (times.length < 5) {
    const event = await client.next();
    const data = JSON.parse(event?.data ?? "");
    expect(event?.event).toBe("progress");
    expect(data.progress).toBeGreaterThanOrEqual(progress);
    progress = data.progress;
    times.push(Date.parse(data.at));
  }
  expect((times[4] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(3 * 250);
  const state = await jobOf(server, running);
  expect(state.status).toBe("running");
  expect(state.progress).toBeGreaterThan(0);

  const cancelled = await server.fetch(`/api/jobs/${running.id}`, { method: "DELETE" });
  expect(await cancelled.json()).toMatchObject({
    status: "cancelled",
    error: { code: "cancelled" },
  });
  let last = await client.next();
  while (last?.event === "progress") last = await client.next();
  expect(last?.event).toBe("error");
  expect(JSON.parse(last?.data ?? "")).toMatchObject({ topic: running.topic, code: "cancelled" });
  // The worker is free: the queued job runs.
  expect((await eventsOf(server, queued)).at(-1)?.event).toBe("result");
  // A job that has ended stays as it is.
  const again = await server.fetch(`/api/jobs/${queued.id}`, { method: "DELETE" });
  expect(await again.json()).toMatchObject({ status: "done" });
  expect((await eventsOf(server, running)).at(-1)).toEqual(last as never);
  await untilUploadsAreClosed(server);
});

test("a queued job can be cancelled", async () => {
  await using server = await TestServer.start(ONE_WORKER);
  const running = await startJob(server, await uploadEndless(server));
  const queued = await startJob(server, await upload(server, "small"));
  await server.fetch(`/api/jobs/${queued.id}`, { method: "DELETE" });
  expect((await jobOf(server, queued)).status).toBe("cancelled");
  await server.fetch(`/api/jobs/${running.id}`, { method: "DELETE" });
  const next = await startJob(server, await upload(server, "next"));
  expect((await eventsOf(server, next)).at(-1)?.event).toBe("result");
});

test("a job that exceeds its time limit ends with an error, and the next one works", async () => {
  await using server = await TestServer.start({ ...ONE_WORKER, JOB_TIMEOUT_MS: "1500" });
  const job = await startJob(server, await uploadEndless(server));
  const last = (await eventsOf(server, job)).at(-1);
  expect(last?.event).toBe("error");
  expect(JSON.parse(last?.data ?? "")).toMatchObject({ code: "timeout" });
  expect(await jobOf(server, job)).toMatchObject({ status: "failed", error: { code: "timeout" } });
  const small = await upload(server, "small");
  for (;;) {
    // The new worker starts within this short limit only on a later attempt, if the machine is busy.
    const events = await eventsOf(server, await startJob(server, small));
    if (events.at(-1)?.event === "result") break;
  }
  await untilUploadsAreClosed(server);
});

test("a file that disappeared ends the job with an error that shows no path", async () => {
  await using server = await TestServer.start();
  const id = await upload(server, "text");
  await rm(join(server.dataDir, "uploads", id, "content"));
  const last = (await eventsOf(server, await startJob(server, id))).at(-1);
  expect(last?.event).toBe("error");
  expect(last?.data).not.toContain(server.dataDir);
});

test("a damaged file ends the job with an error: its counts are not those of the upload", async () => {
  await using server = await TestServer.start();
  for (const damaged of ["", "short", "other text", "a longer text"]) {
    const id = await upload(server, "first text");
    await writeFile(join(server.dataDir, "uploads", id, "content"), damaged);
    const job = await startJob(server, id);
    expect((await eventsOf(server, job)).at(-1)?.event).toBe("error");
    expect(await jobOf(server, job)).toMatchObject({ status: "failed", error: { code: "failed" } });
  }
});

test("SIGTERM: a job finishes within the timeout, and its events are there after a restart", async () => {
  await using server = await TestServer.start({ SHUTDOWN_TIMEOUT_MS: "50000" });
  const job = await startJob(server, await upload(server, "a ".repeat(20_000_000)));
  expect((await server.stop()).code).toBe(0);
  await server.restart();
  expect((await jobOf(server, job)).status).toBe("done");
  expect((await eventsOf(server, job)).at(-1)?.event).toBe("result");
});

test("SIGTERM: a job that takes longer ends with an error", async () => {
  await using server = await TestServer.start({ SHUTDOWN_TIMEOUT_MS: "100" });
  const job = await startJob(server, await uploadEndless(server));
  expect((await server.stop()).code).toBe(0);
  await server.restart();
  expect(await jobOf(server, job)).toMatchObject({
    status: "failed",
    error: { code: "interrupted" },
  });
});

test("a job that a crash interrupted ends with an error at the next start, once", async () => {
  await using server = await TestServer.start(ONE_WORKER);
  const endless = await uploadEndless(server);
  const jobs = [await startJob(server, endless), await startJob(server, endless)];
  const seen = (await server.events({}, `?topic=${jobs[0]?.topic}`)).next();
  const lastEventId = (await seen)?.id;
  await server.stop("SIGKILL");
  for (let restarts = 0; restarts < 2; restarts++) {
    await server.restart();
    for (const job of jobs) {
      const events = await eventsOf(server, job);
      expect(JSON.parse(events.at(-1)?.data ?? "")).toMatchObject({ code: "interrupted" });
      expect(await jobOf(server, job)).toMatchObject({ status: "failed" });
    }
    const resumed = await eventsOf(server, jobs[0] ?? { id: "", topic: "" }, lastEventId);
    expect(resumed.filter(({ event }) => event === "error")).toHaveLength(1);
    await server.stop("SIGKILL");
  }
});

test("a live job whose messages were dropped keeps its state, can be cancelled, and ends after a crash", async () => {
  await using server = await TestServer.start({
    ...ONE_WORKER,
    JOB_QUEUE: "2",
    MESSAGES_KEEP: "2",
  });
  const running = await startJob(server, await uploadHuge(server));
  const small = await upload(server, "small");
  const [cancelled, interrupted] = [await startJob(server, small), await startJob(server, small)];
  // The progress of the running job drops all other messages.
  using client = await server.events({}, `?topic=${running.topic}`);
  for (let i = 0; i < 3; i++) expect((await client.next())?.event).toBe("progress");
  expect(await jobOf(server, interrupted)).toMatchObject({ status: "queued", progress: 0 });
  const response = await server.fetch(`/api/jobs/${cancelled.id}`, { method: "DELETE" });
  expect(await response.json()).toMatchObject({ status: "cancelled" });

  await server.stop("SIGKILL");
  await server.restart();
  let last: { readonly status: unknown; readonly error?: unknown } = { status: undefined };
  while (last.status !== "failed") last = await jobOf(server, interrupted);
  expect(last.error).toMatchObject({ code: "interrupted" });
});
