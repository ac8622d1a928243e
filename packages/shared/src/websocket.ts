// Opens a WebSocket on a route. Its handlers are those of `service.websocket`.
import type { Context } from "hono";
import { type HttpEnv, Problem } from "./http.ts";

/**
 * Turns the request into a WebSocket whose handlers (`service.websocket`) find `data` at `socket.data`.
 * @returns a response for the access log: the runtime has already sent the 101.
 * @throws {Problem} 426 if the request is not a WebSocket handshake.
 */
export function upgradeWebSocket(c: Context<HttpEnv>, data: unknown): Response {
  const headers = { "x-request-id": c.get("requestId") };
  if (!c.env.server.upgrade(c.req.raw, { data, headers })) {
    throw new Problem(426, "Connect with a WebSocket.", { headers: { upgrade: "websocket" } });
  }
  return new Response(null, { status: 101 });
}
