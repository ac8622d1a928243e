// Describes the analysis of an upload.
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { analysisResult } from "../analysis/routes.ts";
import { operation, withId } from "./operation.ts";

export const analysisPaths = {
  "/api/uploads/{id}/analysis": {
    post: operation("Analyse an upload; stops when the client closes the connection", {
      requestParams: withId,
      responses: {
        200: {
          description: "`progress` events, then one `result`, or one `error`.",
          content: { "text/event-stream": { schema: analysisResult } },
        },
      },
    }),
  },
} satisfies ZodOpenApiPathsObject;
