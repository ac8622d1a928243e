// Describes the routes of uploads.
import { z } from "zod";
import { json, type Operation, problem } from "#lib/openapi";
import { Upload } from "../uploads/store.ts";

const bytes = { "application/octet-stream": {} };
/** The type of a stored file depends on its content. */
const anyType = { "*/*": {} };

export const uploadOperations = {
  "POST /api/uploads": {
    summary: "Store a file: the field `file` of a form, or a raw body with ?name=",
    requestBody: {
      required: true,
      content: { "multipart/form-data": { schema: z.object({ file: z.file() }) }, ...bytes },
    },
    responses: {
      201: json("The stored upload.", Upload),
      413: problem("The file is larger than MAX_UPLOAD_BYTES."),
      507: problem("The disk is full."),
    },
  },
  "GET /api/uploads/{id}": {
    summary: "Download a file, or a range of it",
    requestParams: {
      header: z.object({
        range: z.string().optional(),
        "if-range": z.string().optional(),
        "if-none-match": z.string().optional(),
      }),
    },
    responses: {
      200: { description: "The file.", content: anyType },
      206: { description: "The range.", content: anyType },
      304: { description: "The client has this version." },
      404: problem("There is no such upload."),
      416: problem("The range is not within the file."),
    },
  },
} satisfies Record<string, Operation>;
