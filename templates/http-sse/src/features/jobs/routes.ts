// GET and DELETE /api/jobs/:id: the state of a job, and its cancellation.
import { Hono } from "hono";
import { Problem } from "#lib/http";
import { type AppEnv, access } from "../../access.ts";
import type { Jobs } from "./jobs.ts";

export function jobRoutes(jobs: Jobs) {
  const find = async (id: string) => {
    const job = await jobs.get(id);
    if (!job) throw new Problem(404, "There is no such job.");
    return job;
  };

  return new Hono<AppEnv>()
    .get("/api/jobs/:id", access("subscribe"), async (c) => {
      const id = c.req.param("id");
      c.get("grant").requireSubscribe([`jobs/${id}`]);
      return c.json(await find(id));
    })
    .delete("/api/jobs/:id", access("publish"), async (c) => {
      const id = c.req.param("id");
      c.get("grant").requirePublish(`jobs/${id}`);
      await find(id);
      await jobs.cancel(id);
      return c.json(await find(id));
    });
}
