// What the services add to Hono: request ids and the access log, 404 and 405 as problems, WebSocket upgrades.
import type { Server } from "bun";
import type { Context, Env, Hono, MiddlewareHandler, NotFoundHandler } from "hono";
import { log, logRequest, logsRequests, withLogFields } from "./log.ts";
import { httpMetrics, type Metrics } from "./metrics.ts";
import { Problem } from "./problem.ts";
import { parseTraceparent } from "./traceparent.ts";

export { canonicalAddress, clientAddress } from "./client-address.ts";
export { pageHeaders } from "./page-headers.ts";
export { type FieldError, Problem, problems, storeUnavailable } from "./problem.ts";
export { readBody } from "./request-body.ts";
export { invalidInput, validate } from "./validate.ts";

/** The type argument of a `Hono` whose handlers use the server, the request id or a WebSocket. */
export interface HttpEnv extends Env {
  Bindings: { readonly server: Server<unknown> };
  Variables: {
    requestId: string;
    /** Set when the connection became a WebSocket: the runtime has sent a 101. */
    isUpgraded?: boolean;
  };
}

/** An incoming request id: printable, without blanks, at most 128 characters. */
const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/;

/**
 * Middleware: identifies, logs and counts each request. `c.get("requestId")` is the incoming
 * `x-request-id`, or a new UUID if that is missing or malformed; the response and every line that is
 * logged while the request is handled carry it. With a valid `traceparent` the lines also carry its
 * `traceId` and `spanId`. The access log line is written when the response starts.
 * It is one function, because each middleware costs a promise per request.
 * @param metrics records the request as `http_requests_total` and `http_request_duration_seconds`.
 */
export function requestLog(metrics?: Metrics): MiddlewareHandler<HttpEnv> {
  const isLogged = logsRequests();
  const record = metrics?.isServed ? httpMetrics(metrics) : undefined;
  return async (c, next) => {
    const started = performance.now();
    const given = c.req.header("x-request-id");
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : crypto.randomUUID();
    c.set("requestId", requestId);
    // Before the handler: that is cheaper than changing a response that exists already.
    c.header("x-request-id", requestId);
    c.header("x-content-type-options", "nosniff");
    const fields = { requestId, ...parseTraceparent(c.req.header("traceparent")) };
    try {
      await withLogFields(fields, next);
    } catch (thrown) {
      // Hono passes only instances of Error to the app's error handler.
      log.error("a handler threw {thrown}", { thrown, ...fields });
      c.res = new Problem(500, "The server failed to handle this request.").toResponse();
    }
    // Hono drops the headers set above if the handler returns a plain `Response`.
    if (!c.res.headers.has("x-request-id")) {
      c.res.headers.set("x-request-id", requestId);
      c.res.headers.set("x-content-type-options", "nosniff");
    }
    const status = c.get("isUpgraded") ? 101 : c.res.status;
    const elapsed = performance.now() - started;
    record?.(c, status, elapsed / 1000);
    if (!isLogged) return;
    const ms = Math.round(elapsed * 1000) / 1000;
    logRequest({ method: c.req.method, path: c.req.path, status, ms, ...fields });
  };
}

/**
 * Handler for what no route matches: 404, or for a known path with another method 405 with `Allow`
 * (RFC 9110, section 15.5.6). OPTIONS is 204 with the same header, unless CORS middleware responds first. Unlike Hono's `methodNotAllowed`
 * it costs nothing for requests that match.
 */
export function notFound<E extends Env>(app: Hono<E>): NotFoundHandler {
  return (c) => {
    const methods = METHODS.filter((method) => hasRoute(app, method, c.req.path));
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

/** Whether a route, and not only middleware, matches: middleware is registered for `ALL` methods. */
function hasRoute<E extends Env>(app: Hono<E>, method: string, path: string): boolean {
  return app.router.match(method, path)[0].some(([[, route]]) => route.method === method);
}

/**
 * Turns the request into a WebSocket whose handlers (`service.websocket`) find `data` at `socket.data`.
 * @returns a placeholder: the runtime has already sent the 101 and ignores it.
 * @throws {Problem} 426 if the request is not a WebSocket handshake.
 */
export function upgradeWebSocket(c: Context<HttpEnv>, data: unknown): Response {
  const headers = { "x-request-id": c.get("requestId") };
  if (!c.env.server.upgrade(c.req.raw, { data, headers })) {
    throw new Problem(426, "Connect with a WebSocket.", { headers: { upgrade: "websocket" } });
  }
  c.set("isUpgraded", true);
  return new Response(null);
}
