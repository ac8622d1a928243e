// Relays the WebSocket between a page and the bundler, which carries edits and console output.
import type { ServerWebSocket, WebSocketHandler } from "bun";
import { Hono } from "hono";
import type { HttpEnv } from "#lib/http";
import { upgradeWebSocket } from "#lib/websocket";
import { connectToBundler } from "./bundler.ts";
// #region workarounds
// These are only workarounds. They reload a page that would otherwise miss edits.
import {
  type PageState,
  reloadAfterBuild,
  reloadIfPageIsStale,
  sendReload,
} from "./workarounds/hmr-messages.ts";

// #endregion

/** `socket.data` of a page that is connected to the bundler. */
interface RelayData {
  /** The connection to the bundler. */
  readonly upstream: WebSocket;
}
// #region workarounds
// A separate declaration, so that it can be left out with the workarounds. TypeScript merges the two.
interface RelayData extends PageState {}
// #endregion

type RelaySocket = ServerWebSocket<RelayData>;
type AppHandlers = WebSocketHandler<unknown>;

/** Maximum bytes of a message between a page and the bundler, and of messages that a page has not read yet. */
const RELAY_LIMIT = 16 * 1024 * 1024;

/** The WebSocket of Bun's script in the page. */
export function relayRoutes() {
  return new Hono<HttpEnv>().get("/_bun/hmr", async (c) => {
    const upstream = await connectToBundler("/_bun/hmr");
    try {
      return upgradeWebSocket(c, { upstream });
    } catch (error) {
      upstream.close();
      throw error;
    }
  });
}

/**
 * Returns handlers that serve both the relays and the app's own sockets. Bun has one set of limits for all sockets, so
 * lower limits of the app are raised to `RELAY_LIMIT`. `receive` checks the app's `maxPayloadLength`; a lower `backpressureLimit` is
 * not enforced.
 */
export function withRelay(appHandlers: AppHandlers): WebSocketHandler<unknown> {
  const { maxPayloadLength = RELAY_LIMIT, backpressureLimit = RELAY_LIMIT } = appHandlers;
  const receive: NonNullable<AppHandlers["message"]> = (socket, message) => {
    if (Buffer.byteLength(message) <= maxPayloadLength)
      return appHandlers.message?.(socket, message);
    socket.close(1009, "The message is too long.");
  };
  return {
    ...appHandlers,
    maxPayloadLength: Math.max(maxPayloadLength, RELAY_LIMIT),
    backpressureLimit: Math.max(backpressureLimit, RELAY_LIMIT),
    // Keeps relays open for longer than the app's `idleTimeout`.
    sendPings: true,
    open: (socket) => (isRelay(socket) ? open(socket) : appHandlers.open?.(socket)),
    message: (socket, message) =>
      isRelay(socket) ? sendToBundler(socket, message) : receive(socket, message),
    close: (socket, code, reason) =>
      isRelay(socket) ? socket.data.upstream.close() : appHandlers.close?.(socket, code, reason),
    drain: (socket) => (isRelay(socket) ? undefined : appHandlers.drain?.(socket)),
    ping: (socket, data) => (isRelay(socket) ? undefined : appHandlers.ping?.(socket, data)),
    pong: (socket, data) => (isRelay(socket) ? undefined : appHandlers.pong?.(socket, data)),
  };
}

function isRelay(socket: ServerWebSocket<unknown>): socket is RelaySocket {
  return (socket.data as Partial<RelayData> | undefined)?.upstream instanceof WebSocket;
}

function open(socket: RelaySocket): void {
  const { upstream } = socket.data;
  upstream.onmessage = ({ data: message }) => {
    // 0 means that the page reads too slowly and the message was dropped.
    // #region workarounds
    // The page then reconnects, and reloads if its build is stale.
    // #endregion
    if (socket.send(message) === 0) socket.terminate();
    // #region workarounds
    reloadAfterBuild(socket, message);
    // #endregion
  };
  upstream.onclose = () => end(socket);
  upstream.onerror = () => end(socket);
  // The connection may have closed before the handlers were set.
  if (upstream.readyState > WebSocket.OPEN) end(socket);
}

function sendToBundler(socket: RelaySocket, message: string | Buffer<ArrayBuffer>): void {
  const { upstream } = socket.data;
  // #region workarounds
  reloadIfPageIsStale(socket, message);
  // #endregion
  if (upstream.readyState === WebSocket.OPEN) upstream.send(message);
  else upstream.addEventListener("open", () => upstream.send(message), { once: true });
}

/** Closes the connection of a page whose bundler is gone. The page then reconnects. */
function end(socket: RelaySocket): void {
  // #region workarounds
  sendReload(socket);
  // #endregion
  socket.close();
}
