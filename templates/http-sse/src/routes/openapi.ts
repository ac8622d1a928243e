// GET /openapi.json: the description of all routes, this one too.
import { z } from "zod";
import type { Group, Handler, Services } from "../group.ts";
import { describeRoutes } from "../openapi.ts";

export function openapi({ routes }: Services): Group {
  let document: object | undefined;
  const get: Handler = () => {
    document ??= describeRoutes(routes());
    return Response.json(document);
  };
  return {
    routes: {
      "/openapi.json": {
        GET: {
          handle: get,
          operation: {
            summary: "This description",
            responses: {
              200: {
                description: "OpenAPI 3.1.",
                content: { "application/json": z.looseObject({}) },
              },
            },
          },
        },
      },
    },
  };
}
