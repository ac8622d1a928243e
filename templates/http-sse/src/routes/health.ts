// GET /healthz: the process is alive. GET /readyz: it can take requests.
import { z } from "zod";
import type { Group, Services } from "../group.ts";

const Status = z.object({ status: z.string() });
const content = { "application/json": Status };

export function health({ lifecycle }: Services): Group {
  return {
    routes: {
      "/healthz": {
        GET: {
          handle: lifecycle.healthz,
          operation: {
            summary: "Whether the process is alive",
            responses: { 200: { description: "It is.", content } },
          },
        },
      },
      "/readyz": {
        GET: {
          handle: lifecycle.readyz,
          operation: {
            summary: "Whether requests should be sent here",
            responses: {
              200: { description: "They should.", content },
              503: { description: "A store is down, or the service is shutting down.", content },
            },
          },
        },
      },
    },
  };
}
