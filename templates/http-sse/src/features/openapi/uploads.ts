// Describes the routes of uploads.
import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { uploadQuery } from "../uploads/routes.ts";
import { Upload } from "../uploads/store.ts";
import { json, operation, problem, withId } from "./operation.ts";

const bytes = { "application/octet-stream": {} };

export const uploadPaths = {
  "/api/uploads": {
    post: operation("Store a file: the field `file` of a form, or a raw body with ?name=", {
      requestParams: { query: uploadQuery },
      requestBody: {
        required: true,
        content: {
          "multipart/form-data": { schema: z.object({ file: z.file() }) },
          ...bytes,
        },
      },
      responses: { 201: json("The stored upload.", Upload), 507: problem("The disk is full.") },
    }),
  },
  "/api/uploads/{id}": {
    get: operation("Download a file, or a range of it", {
      requestParams: {
        ...withId,
        header: z.object({
          range: z.string().optional(),
          "if-range": z.string().optional(),
          "if-none-match": z.string().optional(),
        }),
      },
      responses: {
        200: { description: "The file.", content: bytes },
        206: { description: "The range.", content: bytes },
        304: { description: "The client has this version." },
        416: problem("The range is not within the file."),
      },
    }),
  },
} satisfies ZodOpenApiPathsObject;
