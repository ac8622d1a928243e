// The routes of the API: read the state, change it, watch it.
import { requestId } from "#lib/log";
import { methods, Problem } from "#lib/problem";
import { paths } from "../shared/state.ts";
import type { Connection, Handler } from "./handler.ts";
import { broadcast } from "./live.ts";
import { isSameOrigin } from "./origin.ts";
import { currentState, memory } from "./state.ts";

const readState: Handler = () =>
  Response.json(currentState(), { headers: { "cache-control": "no-store" } });

const increment: Handler = (request, server) => {
  expectOwnPage(request);
  memory.count += 1;
  broadcast();
  return readState(request, server);
};

const watch: Handler = (request, server) => {
  expectOwnPage(request);
  const headers = { "x-request-id": requestId(request) };
  if (server.upgrade(request, { data: { kind: "live" }, headers })) return undefined;
  throw new Problem(426, "Connect with a WebSocket.", { headers: { upgrade: "websocket" } });
};

/** Browsers let every page send these requests. @throws {Problem} 403 for those of other origins. */
function expectOwnPage(request: Request): void {
  if (!isSameOrigin(request)) throw new Problem(403, "Only this server's own page may do that.");
}

export const api: Readonly<Record<string, Handler>> = {
  [paths.state]: methods<Connection>({ GET: readState }),
  [paths.increment]: methods<Connection>({ POST: increment }),
  [paths.live]: methods<Connection>({ GET: watch }),
};
