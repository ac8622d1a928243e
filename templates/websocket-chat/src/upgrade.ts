// GET /ws: who may open a WebSocket, and what each refusal answers.
import type { BunRequest, Server, WebSocketHandler } from "bun";
import { requestId } from "#lib/log";
import { Problem } from "#lib/problem";
import { Connection } from "./connection.ts";
import type { Hub } from "./hub.ts";
import { LIMITS } from "./limits.ts";
import { isHome } from "./origin.ts";
import { personOf } from "./session.ts";

export interface UpgradeOptions {
  readonly hub: Hub;
  readonly secret: string;
  readonly ALLOWED_ORIGINS: ReadonlySet<string>;
  readonly MAX_CONNECTIONS: number;
  readonly MAX_CONNECTIONS_PER_USER: number;
}

/** @throws {Problem} 401, 403, 503, 429, or 426 if the request does not ask for a WebSocket. */
export function upgrade(options: UpgradeOptions) {
  const { hub, secret, ALLOWED_ORIGINS, MAX_CONNECTIONS, MAX_CONNECTIONS_PER_USER } = options;
  return (request: BunRequest, server: Server<Connection>): undefined => {
    const person = personOf(request, secret);
    if (!person) throw new Problem(401, "Start a session first: POST /api/session.");
    if (!isHome(request, ALLOWED_ORIGINS)) {
      throw new Problem(403, "Pages of this origin may not connect; see ALLOWED_ORIGINS.");
    }
    if (hub.size >= MAX_CONNECTIONS) {
      throw new Problem(503, "The server is full.", { headers: { "retry-after": "5" } });
    }
    if (hub.connectionsOf(person.id) >= MAX_CONNECTIONS_PER_USER) {
      const most = `At most ${MAX_CONNECTIONS_PER_USER} connections each: close one first.`;
      throw new Problem(429, most, { headers: { "retry-after": "5" } });
    }
    const headers = { "x-request-id": requestId(request) };
    if (server.upgrade(request, { data: new Connection(hub, person), headers })) return undefined;
    throw new Problem(426, "Ask for a WebSocket here.", { headers: { upgrade: "websocket" } });
  };
}

/** The socket's events go to its connection; what the runtime limits is set here. */
export function socketHandlers(options: {
  readonly IDLE_TIMEOUT_S: number;
  readonly report: (error: unknown) => void;
}): WebSocketHandler<Connection> {
  return {
    maxPayloadLength: LIMITS.frameBytes,
    backpressureLimit: LIMITS.sendBufferBytes,
    closeOnBackpressureLimit: true,
    // The runtime pings a silent client; one that doesn't answer is gone.
    idleTimeout: options.IDLE_TIMEOUT_S,
    sendPings: true,
    perMessageDeflate: false,
    open: (socket) => socket.data.opened(socket),
    message: (socket, data) => socket.data.received(data),
    drain: (socket) => socket.data.drained(),
    close: (socket) => socket.data.closed(),
    error: (error) => options.report(error),
  };
}
