// Additions to Hono for services: request ids, the access log, checks, validation, and errors as problems (RFC 9457).
import { withContext } from "@logtape/logtape";
import type { Server } from "bun";
import type { Context, Env, Hono, MiddlewareHandler, NotFoundHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { RouterRoute } from "hono/types";
import { log, logRequest, type RequestIds } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { Problem } from "./problem.ts";

export { Problem, problems, storeUnavailable } from "./problem.ts";
export { readBody } from "./request-body.ts";
export { isAllowedSource, requestChecks } from "./request-checks.ts";
export { invalidInput, validate } from "./validate.ts";

/** The type argument of a `Hono` whose handlers use the server or the request id. */
export interface HttpEnv extends Env {
  Bindings: { readonly server: Server<unknown> };
  Variables: { requestId: string };
}

/**
 * Middleware: identifies, logs and counts each request. `c.get("requestId")`, the response and every
 * line that is logged while the request is handled have its id. The access log line is written when the
 * response starts.
 * @param metrics records the request as `http_requests_total` and `http_request_duration_seconds`.
 */
export function requestLog(metrics?: Metrics): MiddlewareHandler<HttpEnv> {
  const isLogged = log.isEnabledFor("info");
  const record = metrics?.recordRequest;
  return async (c, next) => {
    const started = performance.now();
    const ids = requestIds(c.req.raw.headers);
    c.set("requestId", ids.requestId);
    try {
      await withContext({ ...ids }, next);
    } catch (thrown) {
      // Hono passes only instances of Error to the app's error handler.
      log.error("a handler threw {thrown}", { thrown, ...ids });
      c.res = new Problem(500, "The server failed to handle this request.").toResponse();
    }
    const { headers, status } = c.res;
    headers.set("x-request-id", ids.requestId);
    headers.set("x-content-type-options", "nosniff");
    if (!isLogged && !record) return;
    const ms = performance.now() - started;
    const { method, path } = c.req;
    record?.(method, routePath(c), status, ms / 1000);
    if (isLogged) logRequest({ method, path, status, ms, ...ids });
  };
}

/** An incoming request id: printable, without blanks, at most 128 characters. */
const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/;

/**
 * Version, trace-id, parent-id and flags; after another dash, a later version may add more. The lookahead at the start refuses
 * version ff, version 00 with more than these 55 characters, and more than 512 characters, which no tracer sends.
 */
const TRACEPARENT =
  /^(?!ff|00.{54}|.{513})[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/;

/**
 * The incoming request id, or a new UUID if that is missing or malformed; and the ids of a valid `traceparent` header by
 * W3C Trace Context Level 2 (https://www.w3.org/TR/trace-context-2/). Ids of zeros, uppercase digits and several headers
 * joined by commas are not valid. A version later than 00 is parsed as if it were 00.
 */
export function requestIds(headers: Headers): RequestIds {
  const given = headers.get("x-request-id");
  const requestId = given !== null && REQUEST_ID.test(given) ? given : crypto.randomUUID();
  const [, traceId, spanId] = TRACEPARENT.exec(headers.get("traceparent") ?? "") ?? [];
  return traceId && spanId ? { requestId, traceId, spanId } : { requestId };
}

/** The path of the route that responded. If middleware did, the path of the first route that matches. */
function routePath(c: Context): string | undefined {
  const matched = matchedRoutes(c);
  // Hono registers middleware for the method "ALL".
  const isRoute = ({ method }: RouterRoute) => method !== "ALL";
  const responded = matched[c.req.routeIndex];
  return responded && isRoute(responded) ? responded.path : matched.find(isRoute)?.path;
}

/**
 * Handler for what no route matches: 404, or for a known path with another method 405 with `Allow`
 * (RFC 9110, section 15.5.6). OPTIONS is 204 with the same header, unless CORS middleware responds first.
 * Unlike Hono's `methodNotAllowed` it costs nothing for requests that match.
 */
export function notFound<E extends Env>(app: Hono<E>): NotFoundHandler {
  return (c) => {
    const methods = METHODS.filter((method) => {
      const [matches] = app.router.match(method, c.req.path);
      // Middleware matches, too, but is registered for the method "ALL".
      return matches.some(([[_handler, route]]) => route.method === method);
    });
    if (methods.length === 0) {
      return new Problem(404, `There is nothing at ${c.req.path}.`).toResponse();
    }
    const head = methods.includes("GET") ? ["HEAD"] : [];
    const allow = [...methods, ...head, "OPTIONS"].join(", ");
    if (c.req.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
    const detail = `${c.req.method} is not supported here; use ${allow}.`;
    return new Problem(405, detail, { headers: { allow } }).toResponse();
  };
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
