// Attaches information to a middleware that describes the routes that use it, for their OpenAPI description.
import type { z } from "zod";

/** Alternatives, each a set of schemes with the scopes that they need; `{}` is access without any. */
export type Security = Record<string, string[]>[];

export interface RouteInfo {
  /** Access that the middleware demands, e.g. `[{ bearer: ["publish"] }]`. */
  readonly security?: Security;
  /** The part of the request that it validates. */
  readonly input?: { readonly target: InputTarget; readonly schema: z.ZodType };
}

export type InputTarget = "json" | "query" | "param" | "header";

const infos = new WeakMap<object, RouteInfo>();

/** Attaches `info` to a middleware. @returns the same middleware. */
export function describeMiddleware<M extends object>(middleware: M, info: RouteInfo): M {
  infos.set(middleware, info);
  return middleware;
}

export function routeInfo(middleware: object): RouteInfo {
  return infos.get(middleware) ?? {};
}
