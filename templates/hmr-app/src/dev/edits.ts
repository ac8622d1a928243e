// Relays the WebSocket over which Bun's bundler tells a page of edits, and the page its console.
import type { ServerWebSocket, WebSocketHandler } from "bun";
import type { Connection } from "../server/handler.ts";
import { sourcesState } from "./mended.ts";
import { answered } from "./saves.ts";

type Follower = ServerWebSocket<Connection>;

function edited(socket: Follower): Extract<Connection, { kind: "edits" }> {
  if (socket.data.kind !== "edits") throw new Error("This socket leads to no bundler.");
  return socket.data;
}

/** The first bytes of messages: which edits a page is going to hear of ("n"), an edit ("u"), its mistakes ("e"). */
const SUBSCRIBED = 110;
const ANSWERS = new Set([117, 101]);

/**
 * A first message for a page, with another version than its own: it reloads at once. The end of its
 * socket alone is not enough, because Bun's client does not hear it when it has connected again.
 */
const RELOAD = Buffer.from("Vreload");

function reload(socket: Follower): void {
  socket.sendBinary(RELOAD);
  socket.close();
}

/** What is saved after a page is made and before it listens, Bun's bundler does not tell it. */
async function reloadIfMissed(socket: Follower): Promise<void> {
  if ((await sourcesState()) !== edited(socket).served) reload(socket);
}

export const edits = {
  open(socket) {
    const { bundler } = edited(socket);
    bundler.onmessage = ({ data }) => {
      socket.send(data);
      const [kind = 0] = new Uint8Array(data);
      if (ANSWERS.has(kind)) answered.at = Date.now();
      if (kind === SUBSCRIBED) void reloadIfMissed(socket);
    };
    bundler.onclose = () => reload(socket);
    bundler.onerror = () => reload(socket);
    // It may have closed before.
    if (bundler.readyState > WebSocket.OPEN) reload(socket);
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
