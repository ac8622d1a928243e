// OpenAPI 3.1 from an app's routes and the schemas that validate them, and a page that lists and tries them.
import { type Env, Hono } from "hono";
import type { RouterRoute } from "hono/types";
import { z } from "zod";
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiParameters,
  type ZodOpenApiSecuritySchemeObject,
} from "zod-openapi";
import { docsRoutes } from "./docs-page.ts";

/** Details that a route does not declare. Its parameters, JSON body and security are added unless given here. */
export type Operation = Partial<ZodOpenApiOperationObject> & { readonly summary: string };

interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  /** Descriptions by method and path, e.g. `"GET /api/messages/{id}"`. */
  readonly operations: Readonly<Record<string, Operation>>;
  /** Ways to authenticate, by the name that `RouteInfo` has in `security`. */
  readonly securitySchemes?: Readonly<Record<string, ZodOpenApiSecuritySchemeObject>>;
}

/** What middleware says about the routes that use it, in properties of its function. `validate` sets `input`. */
interface RouteInfo {
  readonly input?: { readonly target: string; readonly schema: z.ZodType };
  /** Alternatives, each a set of schemes with the scopes that they need; `{}` is access without any. */
  readonly security?: Record<string, string[]>[];
}

/**
 * `GET /openapi.json` describes the routes of `app`, also those that are added later; `GET /docs` is a
 * page that lists and tries them. Paths that look like pages and their assets are described only if `operations` has them.
 */
export function openapiRoutes<E extends Env>(app: Hono<E>, options: OpenApiOptions): Hono {
  let document: ReturnType<typeof openapiDocument> | undefined;
  const open = () => {
    document ??= openapiDocument(app.routes, options);
    return document;
  };
  return new Hono().get("/openapi.json", (c) => c.json(open())).route("/", docsRoutes(open));
}

/** The document of `routes`. A route without a description has its inputs, its access and the default response. */
function openapiDocument(routes: readonly RouterRoute[], options: OpenApiOptions) {
  const { title, version, securitySchemes = {} } = options;
  const operations = { ...serviceOperations, ...options.operations };
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  const described = routes.filter((route) => keyOf(route) in operations || isEndpoint(route));
  for (const [key, handlers] of Map.groupBy(described, keyOf)) {
    const [method = "", path = ""] = key.split(" ");
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = describeRoute(handlers, operations[key]);
  }
  return createDocument({
    openapi: "3.1.0",
    info: { title, version },
    // Relative to the document, so that it is also right below a path prefix.
    servers: [{ url: "." }],
    paths: paths as NonNullable<ZodOpenApiObject["paths"]>,
    components: { securitySchemes: { ...securitySchemes } },
  });
}

/** False for middleware, pages and their assets. */
function isEndpoint({ method, path }: RouterRoute): boolean {
  return method !== "ALL" && path !== "/" && path !== "/docs" && !/\.\w+$/.test(path);
}

/** A parameter in a route's path, with its pattern: `:id{[0-9]+}`. */
const PARAMETER = /:(\w+)(?:\{(.*?)\})?\??(?=\/|$)/g;

function keyOf({ method, path }: RouterRoute): string {
  return `${method} ${path.replaceAll(PARAMETER, "{$1}")}`;
}

/** @param handlers the middleware of one route, and its handler. */
function describeRoute(
  handlers: readonly RouterRoute[],
  { responses, requestParams, ...operation }: Partial<Operation> = {},
): ZodOpenApiOperationObject {
  const infos = handlers.map(({ handler }) => handler as RouteInfo);
  const inputs = infos.flatMap(({ input }) => (input ? [[input.target, input.schema]] : []));
  const { json: body, param, ...others }: Record<string, z.ZodType> = Object.fromEntries(inputs);
  return {
    ...(body && { requestBody: { required: true, ...json("", body) } }),
    security: infos.findLast(({ security }) => security)?.security ?? [],
    ...operation,
    requestParams: {
      path: param ?? pathParameters(handlers[0]?.path ?? ""),
      ...others,
      ...requestParams,
    } as ZodOpenApiParameters,
    responses: { ...responses, default: problem("An error, as a problem (RFC 9457).") },
  };
}

/** Strings, with the pattern that the router matches. */
function pathParameters(path: string): z.ZodObject {
  const schemas = [...path.matchAll(PARAMETER)].map(([, name = "", pattern]) => {
    return [name, pattern ? z.string().regex(new RegExp(`^(?:${pattern})$`)) : z.string()];
  });
  return z.object(Object.fromEntries(schemas));
}

/** With further members, which RFC 9457 allows. */
const problemSchema = z
  .looseObject({
    type: z.string().meta({ format: "uri-reference" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.looseObject({ pointer: z.string().optional() })).optional(),
  })
  .meta({ id: "Problem" });

/** A response with a problem. */
export function problem(description: string) {
  return { description, content: { "application/problem+json": { schema: problemSchema } } };
}

/** A response or a body of JSON. */
export function json(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema } } };
}

const status = z.object({ status: z.string() });

/** The routes that every service has. */
const serviceOperations: Readonly<Record<string, Operation>> = {
  "GET /healthz": {
    summary: "Whether the process is alive",
    responses: { 200: json("The process is alive.", status) },
  },
  "GET /readyz": {
    summary: "Whether the service accepts requests",
    responses: {
      200: json("It does.", status),
      503: json("A store is unavailable, or the service is shutting down.", status),
    },
  },
  "GET /openapi.json": {
    summary: "This description",
    responses: { 200: json("OpenAPI 3.1.", z.looseObject({})) },
  },
};
