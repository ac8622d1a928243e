// The OpenAPI 3.1 description of the routes, made from the schemas that validate their input.
import { z } from "zod";
import { name, version } from "../package.json";
import type { Content, Operation, Routes } from "./group.ts";

const Problem = z.object({
  type: z.string().meta({ format: "uri-reference" }),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

const problem = {
  description: "What went wrong, by RFC 9457.",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

export function describeRoutes(routes: Routes): object {
  const paths = Object.entries(routes).map(([path, endpoints]) => {
    const operations = Object.entries(endpoints).flatMap(([method, { operation }]) =>
      operation ? [[method.toLowerCase(), describe(path, operation)]] : [],
    );
    return [path.replace(/:(\w+)/g, "{$1}"), Object.fromEntries(operations)] as const;
  });
  const described = paths.filter(([, operations]) => Object.keys(operations).length > 0);
  return {
    openapi: "3.1.0",
    info: { title: name, version },
    servers: [{ url: "/" }],
    paths: Object.fromEntries(described),
    components: { schemas: { Problem: jsonSchema(Problem, "output") } },
  };
}

function describe(path: string, operation: Operation): object {
  const { summary, query, headers, body, responses } = operation;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const parameters = [
    ...inPath,
    ...parametersOf("query", query),
    ...parametersOf("header", headers),
  ];
  const described = Object.entries(responses).map(([status, { description, content }]) => [
    status,
    Number(status) >= 400 && !content
      ? { ...problem, description }
      : { description, ...(content ? { content: mediaTypes(content, "output") } : {}) },
  ]);
  return {
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: mediaTypes(body, "input") } } : {}),
    responses: { ...Object.fromEntries(described), default: problem },
  };
}

function parametersOf(where: "query" | "header", schema: z.ZodObject | undefined): object[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: where,
    required: !z.safeParse(field, undefined).success,
    schema: jsonSchema(field as z.ZodType, "input"),
  }));
}

function mediaTypes(content: Content, io: "input" | "output"): object {
  const entries = Object.entries(content).map(([type, schema]) => {
    if (schema === "binary") return [type, {}];
    return [type, { schema: schema === "text" ? { type: "string" } : jsonSchema(schema, io) }];
  });
  return Object.fromEntries(entries);
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
