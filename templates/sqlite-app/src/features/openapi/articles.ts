// The operations of articles.
import { z } from "zod";
import { json, type Operation, problem } from "#lib/openapi";
import { article } from "../articles/store.ts";

const page = z.object({
  items: z.array(article.extend({ rank: z.number().optional(), highlight: z.string().optional() })),
  next: z.string().nullable(),
});

const unauthorized = { 401: problem("The token is missing, unknown or expired.") };
const missing = { 404: problem("There is no such article.") };
const change = {
  200: json("The changed article.", article),
  403: problem("Only the author may change it."),
  422: problem("A field is not valid."),
  ...unauthorized,
  ...missing,
};

export const articleOperations: Readonly<Record<string, Operation>> = {
  "GET /api/articles": {
    summary: "List or search articles",
    responses: { 200: json("One page.", page), 422: problem("A parameter is not valid.") },
  },
  "POST /api/articles": {
    summary: "Write an article",
    responses: {
      201: json("The new article.", article),
      422: problem("A field is not valid."),
      ...unauthorized,
    },
  },
  "GET /api/articles/{id}": {
    summary: "Get an article",
    responses: { 200: json("The article.", article), ...missing },
  },
  "PUT /api/articles/{id}": { summary: "Replace an article", responses: change },
  "PATCH /api/articles/{id}": { summary: "Change an article", responses: change },
  "DELETE /api/articles/{id}": {
    summary: "Delete an article",
    responses: {
      204: { description: "The article is deleted." },
      403: problem("Only the author may delete it."),
      ...unauthorized,
      ...missing,
    },
  },
};
