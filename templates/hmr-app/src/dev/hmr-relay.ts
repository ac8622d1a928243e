// Relays the WebSocket between a page and Bun's development server, which carries edits and console output.
import type { ServerWebSocket, WebSocketHandler } from "bun";
import { Hono } from "hono";
import type { HttpEnv } from "#lib/http";
import { upgradeWebSocket } from "#lib/websocket";
import { connectToBundler } from "./bundler.ts";
// #region workarounds
import { buildOf, isStaleBuild, isSubscription } from "./workarounds/late-subscription.ts";
import { RELOAD_MESSAGE } from "./workarounds/page-reload.ts";
import { isFinishedBuild, pageSockets } from "./workarounds/reload-requests.ts";

// #endregion

/** `socket.data` of a page that is connected to the bundler. */
interface RelayData {
  readonly bundler: WebSocket;
  // #region workarounds
  /** The build that the page shows, once the page has named it. */
  build?: string | undefined;
  isSubscribed?: boolean;
  /** Reload this page after the next finished build. */
  reloadsAfterBuild?: boolean;
  // #endregion
}

type RelaySocket = ServerWebSocket<RelayData>;
type AppHandlers = WebSocketHandler<unknown>;

/** Maximum bytes of a message between a page and the bundler, and of messages that a page has not read yet. */
const RELAY_LIMIT = 16 * 1024 * 1024;

/** The WebSocket of Bun's script in the page. */
export function relayRoutes() {
  return new Hono<HttpEnv>().get("/_bun/hmr", async (c) => {
    const bundler = await connectToBundler("/_bun/hmr");
    try {
      return upgradeWebSocket(c, { bundler });
    } catch (error) {
      bundler.close();
      throw error;
    }
  });
}

/**
 * Adds relays to the sockets that the app handles. Bun has one set of limits for all sockets, so the app's limits are raised
 * to those of relays. `receive` enforces the app's `maxPayloadLength`; nothing enforces its `backpressureLimit`.
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
      isRelay(socket) ? close(socket) : appHandlers.close?.(socket, code, reason),
    drain: (socket) => (isRelay(socket) ? undefined : appHandlers.drain?.(socket)),
    ping: (socket, data) => (isRelay(socket) ? undefined : appHandlers.ping?.(socket, data)),
    pong: (socket, data) => (isRelay(socket) ? undefined : appHandlers.pong?.(socket, data)),
  };
}

function isRelay(socket: ServerWebSocket<unknown>): socket is RelaySocket {
  return (socket.data as Partial<RelayData> | undefined)?.bundler instanceof WebSocket;
}

function open(socket: RelaySocket): void {
  // #region workarounds
  pageSockets.add(socket);
  // #endregion
  const { bundler } = socket.data;
  bundler.onmessage = ({ data: message }) => {
    // 0 means that the page reads too slowly and the message was dropped.
    // #region workarounds
    // The page then reconnects, and `reloadIfStale` reloads it.
    // #endregion
    if (socket.send(message) === 0) socket.terminate();
    // #region workarounds
    if (!socket.data.isSubscribed && isSubscription(message)) {
      socket.data.isSubscribed = true;
      reloadIfStale(socket);
    }
    if (socket.data.reloadsAfterBuild && isFinishedBuild(message)) reload(socket);
    // #endregion
  };
  bundler.onclose = () => reload(socket);
  bundler.onerror = () => reload(socket);
  // The connection may have closed before the handlers were set.
  if (bundler.readyState > WebSocket.OPEN) reload(socket);
}

function sendToBundler(socket: RelaySocket, message: string | Buffer<ArrayBuffer>): void {
  const { bundler } = socket.data;
  // #region workarounds
  if (!socket.data.build) {
    socket.data.build = buildOf(message);
    reloadIfStale(socket);
  }
  // #endregion
  if (bundler.readyState === WebSocket.OPEN) bundler.send(message);
  else bundler.addEventListener("open", () => bundler.send(message), { once: true });
}

function close(socket: RelaySocket): void {
  // #region workarounds
  pageSockets.delete(socket);
  // #endregion
  socket.data.bundler.close();
}

// #region workarounds
function reloadIfStale(socket: RelaySocket): void {
  const { build, isSubscribed } = socket.data;
  if (!build || !isSubscribed) return;
  // If the bundler cannot be asked, it has exited, and the page has to reload as well.
  isStaleBuild(build).then(
    (isStale) => isStale && reload(socket),
    () => reload(socket),
  );
}

// #endregion

/** Makes the page reload, and closes its connection. */
function reload(socket: RelaySocket): void {
  // #region workarounds
  socket.sendBinary(RELOAD_MESSAGE);
  // #endregion
  socket.close();
}
