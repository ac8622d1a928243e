// The routes of the service, and the middleware around each of them.

import type { BunRequest, Server } from "bun";
import { requestId, requestLog } from "#lib/log";
import { methods, notFound, Problem, problems, readJson } from "#lib/problem";
import type { Connection } from "./connection.ts";
import { sessionSchema } from "./protocol.ts";
import { randomId } from "./random-id.ts";
import { COOKIE, personOf, sessionCookie } from "./session.ts";
import { type UpgradeOptions, upgrade } from "./upgrade.ts";

type Answer = Response | undefined;
type Handler = (request: BunRequest, server: Server<Connection>) => Answer | Promise<Answer>;

export interface AppOptions extends UpgradeOptions {
  /** The page and its assets, by path. */
  readonly page: Readonly<Record<string, (request: BunRequest) => Response>>;
  readonly healthz: Handler;
  readonly readyz: Handler;
  /** Whether a client may read what went wrong inside. */
  readonly expose: boolean;
  readonly report: (error: unknown) => void;
}

/** Every path of the service. The 101 of a WebSocket carries the id of the request, too. */
export function routes(options: AppOptions): Record<string, Handler> {
  const logged = requestLog<Connection>();
  const guarded = problems<Connection>(options);
  const pages = Object.entries(options.page);
  const table: Record<string, Handler> = {
    ...Object.fromEntries(pages.map(([path, GET]) => [path, methods<Connection>({ GET })])),
    "/api/session": methods<Connection>(session(options.secret)),
    "/ws": methods<Connection>({ GET: upgrade(options) }),
    "/healthz": methods<Connection>({ GET: options.healthz }),
    "/readyz": methods<Connection>({ GET: options.readyz }),
    "/*": notFound,
  };
  return Object.fromEntries(
    Object.entries(table).map(([path, handler]) => [path, withId(logged(guarded(handler)))]),
  );
}

/** Fixes the request's id, so that log, refusal and the 101 of an upgrade tell the same one. */
function withId(next: Handler): Handler {
  return (request, server) => {
    request.headers.set("x-request-id", requestId(request));
    return next(request, server);
  };
}

function session(secret: string): Record<"GET" | "POST" | "DELETE", Handler> {
  return {
    /** Who the cookie says you are. A page can't see why a WebSocket was refused, so it asks here. */
    GET: (request) => {
      const person = personOf(request, secret);
      if (!person) throw new Problem(401, "There is no session.");
      return Response.json(person, { headers: { "cache-control": "no-store" } });
    },
    /** A new session, or a new name for the same person. */
    POST: async (request) => {
      const { name } = await readJson(request, sessionSchema);
      const person = { id: personOf(request, secret)?.id ?? randomId(), name };
      const headers = {
        "set-cookie": sessionCookie(person, secret, request),
        "cache-control": "no-store",
      };
      return Response.json(person, { status: 201, headers });
    },
    DELETE: () => {
      const gone = new Bun.Cookie(COOKIE, "", { path: "/", httpOnly: true, maxAge: 0 });
      return new Response(null, { status: 204, headers: { "set-cookie": gone.serialize() } });
    },
  };
}
