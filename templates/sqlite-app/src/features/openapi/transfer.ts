// The operations of imports and exports.
import { z } from "zod";
import { json, type Operation, problem } from "#lib/openapi";
import { badLine } from "../transfer/import-reader.ts";

const badLines = z.looseObject({ badLines: z.int(), errors: z.array(badLine) });
const lines = { "application/x-ndjson": { schema: z.string() } };

export const transferOperations: Readonly<Record<string, Operation>> = {
  "GET /api/articles/export": {
    summary: "Export every article",
    responses: {
      200: { description: "One article per line.", content: lines },
      429: problem("Four exports of this client are running."),
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
      422: {
        description: "Some lines are not valid articles. Lists the first 100.",
        content: { "application/problem+json": { schema: badLines } },
      },
      429: problem("Another import of the user is running or waiting."),
      503: problem("Too many imports are waiting."),
    },
  },
};
