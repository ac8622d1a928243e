// Relays the WebSocket over which Bun's bundler tells a page of edits, and the page its console.
import type { ServerWebSocket, WebSocketHandler } from "bun";
import type { Connection } from "../server/handler.ts";

function bundlerOf(socket: ServerWebSocket<Connection>): WebSocket {
  if (socket.data.kind !== "edits") throw new Error("This socket leads to no bundler.");
  return socket.data.bundler;
}

export const edits = {
  open(socket) {
    const bundler = bundlerOf(socket);
    bundler.onmessage = ({ data }) => socket.send(data);
    bundler.onclose = () => socket.close();
    bundler.onerror = () => socket.close();
    // It may have closed before.
    if (bundler.readyState > WebSocket.OPEN) socket.close();
  },
  message(socket, message) {
    const bundler = bundlerOf(socket);
    if (bundler.readyState === WebSocket.OPEN) bundler.send(message);
    else bundler.addEventListener("open", () => bundler.send(message), { once: true });
  },
  close(socket) {
    bundlerOf(socket).close();
  },
} satisfies WebSocketHandler<Connection>;
