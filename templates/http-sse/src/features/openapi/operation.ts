// The parts that every operation of the description is made of.
import { z } from "zod";
import type { ZodOpenApiOperationObject } from "zod-openapi";

const problemSchema = z
  .object({
    type: z.string().meta({ format: "uri-reference" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: "Problem" });

export const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

export const json = (description: string, schema: z.ZodType) => ({
  description,
  content: { "application/json": { schema } },
});

export const withId = { path: z.object({ id: z.string() }) };

/** An operation whose other responses are problems. */
export const operation = (
  summary: string,
  { responses, ...rest }: ZodOpenApiOperationObject,
): ZodOpenApiOperationObject => ({
  summary,
  ...rest,
  responses: { ...responses, default: problem("An error, as a problem (RFC 9457).") },
});
