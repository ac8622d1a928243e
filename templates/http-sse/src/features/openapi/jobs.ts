// Describes the routes of jobs.
import { json, type Operation, problem } from "#lib/openapi";
import { StartedJob } from "../jobs/analysis-routes.ts";
import { Job } from "../jobs/jobs.ts";

export const jobOperations = {
  "POST /api/uploads/{id}/analysis": {
    summary: "Analyse an upload in a job; its topic carries `progress`, then `result` or `error`",
    responses: {
      202: json("The job has started, or is queued.", StartedJob),
      404: problem("There is no such upload."),
      503: problem("The queue is full."),
    },
  },
  "GET /api/jobs/{id}": {
    summary: "Read the state of a job",
    responses: { 200: json("The job.", Job), 404: problem("There is no such job.") },
  },
  "DELETE /api/jobs/{id}": {
    summary: "Cancel a job",
    responses: {
      200: json("The job, which has ended.", Job),
      404: problem("There is no such job."),
    },
  },
} satisfies Record<string, Operation>;
