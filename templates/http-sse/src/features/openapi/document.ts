// The OpenAPI 3.1 description of the API, generated from the schemas that validate.
import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject } from "zod-openapi";
import { name, version } from "../../../package.json";
import { analysisResult } from "../analysis/routes.ts";
import { eventsQuery } from "../events/routes.ts";
import { idempotency, listQuery, messagePage, newMessage } from "../messages/routes.ts";
import { Message } from "../messages/store.ts";
import { uploadQuery } from "../uploads/routes.ts";
import { Upload } from "../uploads/store.ts";

const problemSchema = z
  .object({
    type: z.string().meta({ format: "uri-reference" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: "Problem" });

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

const json = (description: string, schema: z.ZodType) => ({
  description,
  content: { "application/json": { schema } },
});

const bytes = { "application/octet-stream": {} };
const withId = { path: z.object({ id: z.string() }) };

/** An operation whose other responses are problems. */
const operation = (
  summary: string,
  { responses, ...rest }: ZodOpenApiOperationObject,
): ZodOpenApiOperationObject => ({
  summary,
  ...rest,
  responses: { ...responses, default: problem("An error, as a problem (RFC 9457).") },
});

const status = z.object({ status: z.string() });

export function openapiDocument() {
  return createDocument({
    openapi: "3.1.0",
    info: { title: name, version },
    servers: [{ url: "/" }],
    paths: {
      "/api/messages": {
        post: operation("Add a message; a repeated Idempotency-Key returns the same one", {
          requestParams: { header: idempotency },
          requestBody: { required: true, content: { "application/json": { schema: newMessage } } },
          responses: {
            201: json("The stored message.", Message),
            409: problem("The Idempotency-Key was used before with another text."),
          },
        }),
        get: operation("Read messages, oldest first", {
          requestParams: { query: listQuery },
          responses: { 200: json("One page of messages.", messagePage) },
        }),
      },
      "/api/messages/{id}": {
        get: operation("Read a message", {
          requestParams: withId,
          responses: {
            200: json("The message.", Message),
            404: problem("There is no such message."),
          },
        }),
      },
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
    },
  });
}
