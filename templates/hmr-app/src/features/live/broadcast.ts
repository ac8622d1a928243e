// Sends the server's state to every client of /api/live.
import type { Resource } from "#lib/service";
import { currentState, state } from "../counter/state.ts";
import { clients } from "./clients.ts";

export function broadcast(): void {
  const message = JSON.stringify(currentState());
  for (const client of clients) client.send(message);
}

/** Counts a beat and broadcasts the state, once per second. */
export function startHeartbeat(): Resource {
  const timer = setInterval(() => {
    state.beats += 1;
    broadcast();
  }, 1000);
  return { close: () => clearInterval(timer) };
}
