// GET /ws: decides who may open a WebSocket, and passes what happens to it to its connection.
import { Hono } from "hono";
import { type HttpEnv, Problem } from "#lib/http";
import { log } from "#lib/log";
import type { Service } from "#lib/service";
import { upgradeWebSocket } from "#lib/websocket";
import type { Env } from "../../env.ts";
import { LIMITS } from "../../limits.ts";
import { openSession } from "../session/ended-sessions.ts";
import { isAllowedOrigin } from "./allowed-origins.ts";
import { type Chat, Connection } from "./connection.ts";
import { handleFrame } from "./handlers.ts";

/**
 * Beyond this many queued bytes, the runtime closes the connection without a close frame. `LIMITS.sendBufferBytes` is far
 * below, so that a slow consumer gets a close code.
 */
const BACKPRESSURE_LIMIT = 2 ** 30;

export function chatRoutes(env: Env, secret: string, chat: Chat, service: Service) {
  service.websocket<Connection>({
    maxPayloadLength: LIMITS.frameBytes,
    backpressureLimit: BACKPRESSURE_LIMIT,
    closeOnBackpressureLimit: true,
    // The runtime pings a silent client, and closes the connection if there is no pong.
    idleTimeout: env.IDLE_TIMEOUT_S,
    sendPings: true,
    perMessageDeflate: false,
    open: (socket) => socket.data.opened(socket),
    message: (socket, data) => handleFrame(socket.data, data),
    drain: (socket) => socket.data.drained(),
    close: (socket) => socket.data.closed(),
    error: (error) => log.error("{error}", { error }),
  });
  const { ALLOWED_ORIGINS, MAX_CONNECTIONS, MAX_CONNECTIONS_PER_USER } = env;
  return new Hono<HttpEnv>().get("/ws", async (c) => {
    const session = await openSession(c, secret, chat.stores.endedSessions);
    if (!session) throw new Problem(401, "Start a session first: POST /api/session.");
    if (!isAllowedOrigin(c, ALLOWED_ORIGINS)) {
      const origin = c.req.header("origin");
      log.warn("refused a WebSocket of {origin}, which is not in ALLOWED_ORIGINS", { origin });
      throw new Problem(403, "Pages of this origin may not connect: add it to ALLOWED_ORIGINS.");
    }
    if (chat.hub.size >= MAX_CONNECTIONS) {
      const detail = "The server has reached its connection limit. Try again in 5 s.";
      throw new Problem(503, detail, { headers: { "retry-after": "5" } });
    }
    if (chat.hub.connectionsOf(session.user.id) >= MAX_CONNECTIONS_PER_USER) {
      const detail = `A user may have ${MAX_CONNECTIONS_PER_USER} connections: close one first.`;
      throw new Problem(429, detail, { headers: { "retry-after": "5" } });
    }
    return upgradeWebSocket(c, new Connection(chat, session));
  });
}
