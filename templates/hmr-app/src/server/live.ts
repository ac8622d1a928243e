// The WebSocket of /api/live: each client gets the state when it connects, at each count and each second.
import type { WebSocketHandler } from "bun";
import type { Connection } from "./handler.ts";
import { renew } from "./held.ts";
import { clients, currentState, memory } from "./state.ts";

export const live = {
  open(socket) {
    // The others hear of it with the next beat: a crowd that comes at once costs each of them one message.
    clients.add(socket);
    socket.send(JSON.stringify(currentState()));
  },
  message(socket) {
    socket.close(1008, "Nothing is read here.");
  },
  close(socket) {
    clients.delete(socket);
  },
  maxPayloadLength: 1024,
  // A client that takes nothing is dropped, and gets the latest state when it comes back.
  backpressureLimit: 64 * 1024,
  closeOnBackpressureLimit: true,
} satisfies WebSocketHandler<Connection>;

export function broadcast(): void {
  const message = JSON.stringify(currentState());
  for (const client of clients) client.send(message);
}

/** Counts a beat each second and tells the clients. A reload replaces the timer; the count goes on. */
export function startHeart(): void {
  const beat = () => {
    memory.beats += 1;
    broadcast();
  };
  renew("heart", () => setInterval(beat, 1000), clearInterval);
}

/** Tells every client to connect again: to the next release, or to another instance. */
export function closeClients(): void {
  for (const client of clients) client.close(1012, "The server restarts: connect again.");
}
