// GET /ws: decides who may open a WebSocket, and opens it.
import { Hono } from "hono";
import { type HttpEnv, Problem, upgradeWebSocket } from "#lib/http";
import type { Env } from "../../env.ts";
import { readSession } from "../session/cookie.ts";
import { isAllowedOrigin } from "./allowed-origins.ts";
import { Connection } from "./connection.ts";
import type { Hub } from "./hub.ts";

export function chatRoutes(env: Env, secret: string, hub: Hub) {
  const { ALLOWED_ORIGINS, MAX_CONNECTIONS, MAX_CONNECTIONS_PER_USER } = env;
  return new Hono<HttpEnv>().get("/ws", async (c) => {
    const user = await readSession(c, secret);
    if (!user) throw new Problem(401, "Start a session first: POST /api/session.");
    if (!isAllowedOrigin(c, ALLOWED_ORIGINS)) {
      throw new Problem(403, "Pages of this origin may not connect: add it to ALLOWED_ORIGINS.");
    }
    if (hub.size >= MAX_CONNECTIONS) {
      throw new Problem(503, "The server is full.", { headers: { "retry-after": "5" } });
    }
    if (hub.connectionsOf(user.id) >= MAX_CONNECTIONS_PER_USER) {
      const detail = `A user may have ${MAX_CONNECTIONS_PER_USER} connections: close one first.`;
      throw new Problem(429, detail, { headers: { "retry-after": "5" } });
    }
    return upgradeWebSocket(c, new Connection(hub, user));
  });
}
