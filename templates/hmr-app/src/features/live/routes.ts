// GET /api/live: a WebSocket that sends the server's state on connect, after changes and once per second.
import type { WebSocketHandler } from "bun";
import { Hono } from "hono";
import type { HttpEnv } from "#lib/http";
import type { Service } from "#lib/service";
import { upgradeWebSocket } from "#lib/websocket";
import { currentState } from "../counter/state.ts";
import { startHeartbeat } from "./broadcast.ts";
import { clients } from "./clients.ts";

const liveSocket = {
  open(socket) {
    // Only the new client gets a message. The others see the new number of clients at the next beat:
    // otherwise n clients that connect together would cause n² messages.
    clients.add(socket);
    socket.send(JSON.stringify(currentState()));
  },
  message(socket) {
    socket.close(1008, "This socket accepts no messages.");
  },
  close(socket) {
    clients.delete(socket);
  },
  maxPayloadLength: 1024,
  // A slow consumer is disconnected; when it reconnects, it gets the latest state.
  backpressureLimit: 64 * 1024,
  closeOnBackpressureLimit: true,
} satisfies WebSocketHandler<unknown>;

export function liveRoutes(service: Service) {
  service.websocket(liveSocket);
  service.use(startHeartbeat());
  service.draining.addEventListener("abort", () => {
    for (const client of clients) client.close(1012, "The server restarts: reconnect.");
  });
  return new Hono<HttpEnv>().get("/api/live", (c) => upgradeWebSocket(c, undefined));
}
