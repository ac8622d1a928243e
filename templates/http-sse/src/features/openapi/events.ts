// Describes the event stream.
import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { eventsQuery } from "../events/routes.ts";
import { operation } from "./operation.ts";

export const eventPaths = {
  "/api/events": {
    get: operation("Stream messages, resuming after Last-Event-ID if it is given", {
      requestParams: {
        query: eventsQuery,
        header: z.object({ "last-event-id": z.string().optional() }),
      },
      responses: {
        200: {
          description: "`message` events; a `gap` event where messages are missing.",
          content: { "text/event-stream": { schema: z.string() } },
        },
      },
    }),
  },
} satisfies ZodOpenApiPathsObject;
