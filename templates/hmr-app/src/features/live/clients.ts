// The open WebSockets of /api/live. A hot reload keeps them open; from then on the new code handles them.
import type { ServerWebSocket } from "bun";
import { hot } from "../../hot.ts";

export const clients = hot.data("clients", () => new Set<ServerWebSocket<unknown>>());
