// Describes the routes of messages.
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { idempotency, listQuery, messagePage, newMessage } from "../messages/routes.ts";
import { Message } from "../messages/store.ts";
import { json, operation, problem, withId } from "./operation.ts";

export const messagePaths = {
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
} satisfies ZodOpenApiPathsObject;
