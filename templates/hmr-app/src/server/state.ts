// The server's own state, which a hot reload keeps, and what the clients see of it.
import type { ServerWebSocket } from "bun";
import type { State } from "../shared/state.ts";
import type { Connection } from "./handler.ts";
import { keep } from "./held.ts";

const fresh = { version: "", count: 0, beats: 0, startedAt: new Date().toISOString() };
const kept = keep("memory", () => fresh);

/** A field that an edit adds starts with its first value; the others go on. */
export const memory = Object.assign(kept, { ...fresh, ...kept });

/** The clients of /api/live; those that connected to the code before an edit, too. */
export const clients = keep("clients", () => new Set<ServerWebSocket<Connection>>());

export function currentState(): State {
  return { ...memory, clients: clients.size };
}
