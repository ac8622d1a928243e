// The summary and the responses of each route in /openapi.json. The input comes from the schemas of the routes.
import { z } from "zod";
import { json, type Operation, problem } from "#lib/openapi";
import { profile, user } from "../users/store.ts";
// #region articles
import { articleOperations } from "./articles.ts";
// #endregion
// #region transfer
import { transferOperations } from "./transfer.ts";

// #endregion

const session = z.object({ token: z.string(), user: z.int(), expiresAt: z.string() });

const invalid = problem("A field is not valid.");
const tooMany = problem("The client has signed up or tried to sign in too often.");
const unavailable = problem(
  "Too many passwords are waiting to be hashed, or the database is not available.",
);

export const operations: Readonly<Record<string, Operation>> = {
  "POST /api/users": {
    summary: "Sign up",
    responses: {
      201: json("The new user.", user),
      409: problem("The email is taken."),
      422: invalid,
      429: tooMany,
      503: unavailable,
    },
  },
  "GET /api/users/{id}": {
    summary: "Get a user",
    responses: { 200: json("The user.", profile), 404: problem("There is no such user.") },
  },
  "POST /api/sessions": {
    summary: "Sign in",
    responses: {
      201: json("A bearer token.", session),
      401: problem("The email or the password is wrong."),
      422: invalid,
      429: tooMany,
      503: unavailable,
    },
  },
  "DELETE /api/sessions": {
    summary: "Sign out",
    responses: {
      204: { description: "The session has ended." },
      401: problem("The token is missing, unknown or expired."),
    },
  },
  // #region articles
  ...articleOperations,
  // #endregion
  // #region transfer
  ...transferOperations,
  // #endregion
};
