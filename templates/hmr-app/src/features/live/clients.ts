// The open WebSockets of /api/live. They stay open across a hot reload, after which the new code handles them.
// Not in broadcast.ts: counter/state.ts needs the number of clients, and broadcast.ts imports counter/state.ts.
import type { ServerWebSocket } from "bun";
import { createHot } from "../../hot.ts";

const { data } = createHot<{ clients: Set<ServerWebSocket<unknown>> }>("live");
data.clients ??= new Set();
export const { clients } = data;
