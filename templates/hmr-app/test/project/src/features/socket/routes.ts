// A WebSocket that sends the state on connect, at each change and at each beat.
import type { WebSocketHandler } from "bun";
import { Hono } from "hono";
import type { HttpEnv } from "#lib/http";
import type { Resource, Service } from "#lib/service";
import { upgradeWebSocket } from "#lib/websocket";
import { broadcast, clients, currentState, state } from "../counter/state.ts";

const BEAT_MS = 1000;

const socket: WebSocketHandler<unknown> = {
  open(socket) {
    clients.add(socket);
    socket.send(JSON.stringify(currentState()));
  },
  message(socket) {
    socket.close(1008);
  },
  close(socket) {
    clients.delete(socket);
  },
  maxPayloadLength: 1024,
};

function startHeartbeat(): Resource {
  const timer = setInterval(() => {
    state.beats += 1;
    broadcast();
  }, BEAT_MS);
  return { close: () => clearInterval(timer) };
}

export function socketRoutes(service: Service) {
  service.websocket(socket);
  service.use(startHeartbeat());
  service.draining.addEventListener("abort", () => {
    for (const client of clients) client.close(1012);
  });
  return new Hono<HttpEnv>().get("/api/live", (c) => upgradeWebSocket(c, undefined));
}
