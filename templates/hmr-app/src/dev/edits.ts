// Relays the WebSocket over which Bun's bundler tells a page of edits, and the page its console.
import type { ServerWebSocket, WebSocketHandler } from "bun";
import type { Connection } from "../server/handler.ts";
import { sourcesState } from "./mended.ts";

type Follower = ServerWebSocket<Connection>;

function edited(socket: Follower): Extract<Connection, { kind: "edits" }> {
  if (socket.data.kind !== "edits") throw new Error("This socket leads to no bundler.");
  return socket.data;
}

/** The first byte of the message that tells a page which edits it is going to hear of: "n". */
const SUBSCRIBED = 110;

/**
 * What is saved after a page is made and before it listens, Bun's bundler does not tell it. The page
 * takes the end of its socket for a restart of the server: it connects again, and reloads.
 */
async function reloadIfMissed(socket: Follower): Promise<void> {
  if ((await sourcesState()) !== edited(socket).served) socket.close();
}

export const edits = {
  open(socket) {
    const { bundler } = edited(socket);
    bundler.onmessage = ({ data }) => {
      socket.send(data);
      const subscribed = data instanceof ArrayBuffer && new Uint8Array(data)[0] === SUBSCRIBED;
      if (subscribed) void reloadIfMissed(socket);
    };
    bundler.onclose = () => socket.close();
    bundler.onerror = () => socket.close();
    // It may have closed before.
    if (bundler.readyState > WebSocket.OPEN) socket.close();
  },
  message(socket, message) {
    const { bundler } = edited(socket);
    if (bundler.readyState === WebSocket.OPEN) bundler.send(message);
    else bundler.addEventListener("open", () => bundler.send(message), { once: true });
  },
  close(socket) {
    edited(socket).bundler.close();
  },
} satisfies WebSocketHandler<Connection>;
