// What the services add to Hono: request ids, the access log, 404 and 405 as problems, and WebSocket upgrades.
import type { Server } from "bun";
import type { Context, Env, Hono, MiddlewareHandler, NotFoundHandler } from "hono";
import { methodNotAllowed as honoMethodNotAllowed } from "hono/method-not-allowed";
import type { secureHeaders } from "hono/secure-headers";
import type { ServiceEnv } from "./env.ts";
import { logRequest, logsRequests, withLogFields } from "./log.ts";
import { Problem } from "./problem.ts";
import { parseTraceparent } from "./traceparent.ts";

export { canonicalAddress, clientAddress } from "./client-address.ts";
export { type FieldError, Problem, problems, storeUnavailable } from "./problem.ts";
export { discardUnreadBody, readBody } from "./request-body.ts";
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
 * Middleware: `c.get("requestId")` is the incoming `x-request-id`, or a new UUID if that is missing or
 * malformed, and every response carries it. Hono's own loses the header when a handler returns a plain
 * `Response`, and refuses the dots and colons that proxies put into ids.
 */
export function requestId(): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const given = c.req.header("x-request-id");
    const id = given !== undefined && REQUEST_ID.test(given) ? given : crypto.randomUUID();
    c.set("requestId", id);
    await next();
    c.res.headers.set("x-request-id", id);
  };
}

/**
 * Middleware: logs each request once, when its response starts. Every line that is logged while the
 * request is handled carries its id and, with a valid `traceparent`, its `traceId` and `spanId`.
 */
export function accessLog(): MiddlewareHandler<HttpEnv> {
  const isEnabled = logsRequests();
  return async (c, next) => {
    const started = performance.now();
    const fields = {
      requestId: c.get("requestId"),
      ...parseTraceparent(c.req.header("traceparent")),
    };
    let status = 500;
    try {
      await withLogFields(fields, next);
      status = c.get("isUpgraded") ? 101 : c.res.status;
    } catch (thrown) {
      // Hono passes only instances of Error to the error handler.
      throw new Error(`A handler threw ${String(thrown)}`, { cause: thrown });
    } finally {
      const ms = Math.round((performance.now() - started) * 1000) / 1000;
      if (isEnabled) logRequest({ method: c.req.method, path: c.req.path, status, ms, ...fields });
    }
  };
}

/** Content-Security-Policy of every page: its own files and its own origin, and nothing inline. */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  fontSrc: ["'self'", "data:"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

/**
 * Options for Hono's `secureHeaders`: `nosniff`, no referrer, and a strict policy for pages. A header
 * that a handler sets wins. Strict-Transport-Security is left to the proxy that terminates TLS.
 */
export const safeHeaders = {
  contentSecurityPolicy,
  xContentTypeOptions: true,
  referrerPolicy: true,
  crossOriginResourcePolicy: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  strictTransportSecurity: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  removePoweredBy: false,
  overwrite: false,
} satisfies Parameters<typeof secureHeaders>[0];

/** Names that always resolve to this machine, so that no foreign page can be behind them. */
const LOOPBACK = /^(localhost|[\w.-]+\.localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * Middleware: in development, refuses a `Host` that is neither a loopback name nor in `DEV_HOSTS`.
 * Otherwise a web page that rebinds its own name to 127.0.0.1 could read everything (DNS rebinding).
 * @throws {Problem} 403
 */
export function devHosts({
  NODE_ENV,
  DEV_HOSTS,
}: Pick<ServiceEnv, "NODE_ENV" | "DEV_HOSTS">): MiddlewareHandler {
  const allowed = new Set(DEV_HOSTS.map((host) => host.toLowerCase()));
  return (c, next) => {
    if (NODE_ENV !== "development") return next();
    const host = c.req.header("host")?.toLowerCase() ?? "";
    const name = /^(\[[\da-f:]+\]|[\w.-]+)(:\d+)?$/.exec(host)?.[1] ?? "";
    if (LOOPBACK.test(name) || allowed.has(name)) return next();
    throw new Problem(403, "This Host is not allowed in development: add it to DEV_HOSTS.");
  };
}

/** Handler for paths that no route matches. */
export const notFound: NotFoundHandler = (c) =>
  new Problem(404, `There is nothing at ${c.req.path}.`).toResponse();

/**
 * Middleware: a known path with an unknown method is 405 with `Allow` (RFC 9110, section 15.5.6);
 * OPTIONS is 204 with the same header.
 * @param app the app that the middleware is registered on.
 */
export function methodNotAllowed<E extends Env>(app: Hono<E>): MiddlewareHandler {
  return honoMethodNotAllowed({
    app,
    onMethodNotAllowed: (c, methods) => {
      const allow = [...methods, "OPTIONS"].join(", ");
      if (c.req.method === "OPTIONS")
        return new Response(null, { status: 204, headers: { allow } });
      const detail = `${c.req.method} is not supported here; use ${allow}.`;
      return new Problem(405, detail, { headers: { allow } }).toResponse();
    },
  });
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
