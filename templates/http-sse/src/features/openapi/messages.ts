// Describes the routes of messages.
import { json, type Operation, problem } from "#lib/openapi";
import { messagePage, TextMessage } from "../messages/routes.ts";

export const messageOperations = {
  "POST /api/messages": {
    summary: "Add a message; a repeated Idempotency-Key returns the same one",
    responses: {
      201: json("The stored message.", TextMessage),
      409: problem("The Idempotency-Key was used before, for another message."),
      410: problem("The message of this Idempotency-Key was deleted."),
    },
  },
  "GET /api/messages": {
    summary: "Read messages, oldest first",
    responses: { 200: json("One page of messages.", messagePage) },
  },
  "GET /api/messages/{id}": {
    summary: "Read a message",
    responses: {
      200: json("The message.", TextMessage),
      404: problem("There is no such message."),
    },
  },
  "DELETE /api/messages/{id}": {
    summary: "Delete a message; open and resumed streams receive an event `deleted`",
    responses: {
      204: { description: "The message is deleted." },
      404: problem("There is no such message."),
    },
  },
} satisfies Record<string, Operation>;
