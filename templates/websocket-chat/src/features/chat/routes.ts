// GET /ws: decides who may open a WebSocket.
import { Hono } from "hono";
import { type HttpEnv, Problem } from "#lib/http";
import type { Service } from "#lib/service";
import { upgradeWebSocket } from "#lib/websocket";
import type { Env } from "../../env.ts";
import { openSession } from "../session/ended-sessions.ts";
import { type Chat, Connection } from "./connection.ts";
import { socketEvents } from "./handlers.ts";

export function chatRoutes(env: Env, secret: string, chat: Chat, service: Service) {
  service.websocket(socketEvents(env));
  const { MAX_CONNECTIONS, MAX_CONNECTIONS_PER_USER } = env;
  return new Hono<HttpEnv>().get("/ws", async (c) => {
    const session = await openSession(c, secret, chat.stores.endedSessions);
    if (!session) throw new Problem(401, "Start a session first: POST /api/session.");
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
