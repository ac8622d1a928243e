// POST /api/uploads/:id/analysis: starts the analysis of an upload as a job, in a worker thread.
import { Hono } from "hono";
import { z } from "zod";
import { Problem } from "#lib/http";
import { type AppEnv, access } from "../../access.ts";
import type { UploadStore } from "../uploads/store.ts";
import { type Jobs, jobId } from "./jobs.ts";
import type { Pool } from "./pool.ts";
import type { Result } from "./worker.ts";

export const StartedJob = z.object({ id: jobId, topic: z.string() });
export type StartedJob = Readonly<z.output<typeof StartedJob>>;

export function analysisRoutes(pool: Pool<string, Result>, jobs: Jobs, uploads: UploadStore) {
  return new Hono<AppEnv>().post("/api/uploads/:id/analysis", access("publish"), async (c) => {
    c.get("grant").requirePublish("uploads");
    const upload = await uploads.get(c.req.param("id"));
    if (!upload) throw new Problem(404, "There is no such upload.");
    // Checked before the job is created. The queue cannot fill up in between: `start` calls `pool.run` synchronously.
    if (pool.isFull) throw new Problem(503, "Every worker is busy, and the queue is full.");
    const path = uploads.path(upload);
    const started = await jobs.start(async (job) => {
      const result = await pool.run(path, job);
      // The counts of a damaged file are not those of the upload.
      if (result.sha256 !== upload.sha256) throw new Error(`${path} is not what was uploaded.`);
      return result;
    }, "queued");
    return c.json(started, 202, { location: `/api/jobs/${started.id}` });
  });
}
