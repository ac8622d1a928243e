// The operations of imports and exports.
import { z } from "zod";
import { json, type Operation, problem } from "#lib/openapi";

const lines = { "application/x-ndjson": { schema: z.string() } };

export const transferOperations: Readonly<Record<string, Operation>> = {
  "GET /api/articles/export": {
    summary: "Export every article",
    responses: {
      200: { description: "One article per line.", content: lines },
      503: problem("Too many exports are running."),
    },
  },
  "POST /api/articles/import": {
    summary: "Import articles, all or none",
    requestBody: { required: true, content: lines },
    responses: {
      200: json("The number of imported articles.", z.object({ imported: z.int() })),
      401: problem("The token is missing, unknown or expired."),
      408: problem("The import took too long."),
      413: problem("The import is too large."),
      415: problem("The body is not NDJSON."),
      422: problem("Some lines are not valid articles."),
      503: problem("Too many imports are waiting."),
    },
  },
};
