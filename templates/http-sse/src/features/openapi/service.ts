// Describes the routes that every service has, and the description itself.
import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { json, operation } from "./operation.ts";

const status = z.object({ status: z.string() });

export const servicePaths = {
  "/openapi.json": {
    get: operation("This description", {
      responses: { 200: json("OpenAPI 3.1.", z.looseObject({})) },
    }),
  },
  "/healthz": {
    get: operation("Whether the process is alive", {
      responses: { 200: json("The process is alive.", status) },
    }),
  },
  "/readyz": {
    get: operation("Whether the service accepts requests", {
      responses: {
        200: json("It does.", status),
        503: json("A store is unavailable, or the service is shutting down.", status),
      },
    }),
  },
} satisfies ZodOpenApiPathsObject;
