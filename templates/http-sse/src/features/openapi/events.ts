// Describes the event stream.
import { z } from "zod";
import type { Operation } from "#lib/openapi";

export const eventOperations = {
  "GET /api/events": {
    summary: "Stream messages, resuming after Last-Event-ID if it is given",
    requestParams: { header: z.object({ "last-event-id": z.string().optional() }) },
    responses: {
      200: {
        description:
          "An event `message` with each new message, `deleted` with the id and the topic of a deleted one, and `gap` where messages are missing. Topics may carry events of further names.",
        content: { "text/event-stream": { schema: z.string() } },
      },
    },
  },
} satisfies Record<string, Operation>;
