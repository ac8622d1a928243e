// The open WebSockets of /api/live. They stay open across a hot reload, after which the new code handles them.
// Separate from broadcast.ts, which imports counter/state.ts, which needs the number of clients.
import type { ServerWebSocket } from "bun";
import { createHot } from "../../hot.ts";

const { data } = createHot<{ clients: Set<ServerWebSocket<unknown>> }>("live");
data.clients ??= new Set();
export const { clients } = data;
