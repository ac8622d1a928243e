// Sends the server's state to every client of /api/live.
import type { Resource } from "#lib/service";
import { currentState, state } from "../counter/state.ts";
import { clients } from "./clients.ts";

/** Milliseconds in which the changes are sent as one message: each message goes to every client. */
const COALESCE_MS = 50;

let pending: ReturnType<typeof setTimeout> | undefined;

/** Broadcasts the state soon, once for all changes until then. */
export function scheduleBroadcast(): void {
  pending ??= setTimeout(broadcast, COALESCE_MS);
}

function broadcast(): void {
  clearTimeout(pending);
  pending = undefined;
  const message = JSON.stringify(currentState());
  for (const client of clients) client.send(message);
}

/** Counts a beat and broadcasts the state, once per second. */
export function startHeartbeat(): Resource {
  const timer = setInterval(() => {
    state.beats += 1;
    broadcast();
  }, 1000);
  const close = () => {
    clearInterval(timer);
    clearTimeout(pending);
  };
  return { close };
}
