// Relays the WebSocket between a page and Bun's development server, which carries edits and console output.
import type { ServerWebSocket, WebSocketHandler } from "bun";
// #region workarounds
import { notice } from "#lib/log";
import { createHot } from "../hot.ts";
import { onReloadRequest } from "./bundler.ts";
import { buildOf, isStaleBuild, isSubscription } from "./workarounds/late-subscription.ts";
import { isUpdate, RELOAD_MESSAGE } from "./workarounds/page-reload.ts";

// #endregion

/** `socket.data` of a page that is connected to the bundler. */
interface Relay {
  readonly bundler: WebSocket;
  // #region workarounds
  /** The build that the page shows, once the page has named it. */
  build?: string | undefined;
  isSubscribed?: boolean;
  /** Reload this page after the next finished build; an earlier reload would get the previous build. */
  reloadsAfterBuild?: boolean;
  // #endregion
}

type RelaySocket = ServerWebSocket<Relay>;
type AppSocket = WebSocketHandler<unknown>;

/** Maximum bytes of a message between a page and the bundler, and of messages that a page has not read yet. */
const RELAY_LIMIT = 16 * 1024 * 1024;

// #region workarounds
const { data } = createHot<{ relays: Set<RelaySocket> }>("dev:hmr-relay");
data.relays ??= new Set();
const relays = data.relays;

onReloadRequest((reason) => {
  notice.info(`${reason}: reloading the page`);
  for (const socket of relays) socket.data.reloadsAfterBuild = true;
});

// #endregion

/** Adds relays to the sockets that the app handles. The runtime has one set of limits for all sockets. */
export function withRelay(appSocket: AppSocket): WebSocketHandler<unknown> {
  const { maxPayloadLength = RELAY_LIMIT, backpressureLimit = RELAY_LIMIT } = appSocket;
  const receive: NonNullable<AppSocket["message"]> = (socket, message) => {
    if (Buffer.byteLength(message) <= maxPayloadLength) return appSocket.message?.(socket, message);
    socket.close(1009, "The message is too long.");
  };
  return {
    ...appSocket,
    // The app's limit may be too low for relays, so `receive` checks it.
    maxPayloadLength: Math.max(maxPayloadLength, RELAY_LIMIT),
    // A slow consumer of the app reaches its limit later than in production.
    backpressureLimit: Math.max(backpressureLimit, RELAY_LIMIT),
    // Keeps relays open for longer than the app's `idleTimeout`.
    sendPings: true,
    open: (socket) => (isRelay(socket) ? open(socket) : appSocket.open?.(socket)),
    message: (socket, message) =>
      isRelay(socket) ? send(socket, message) : receive(socket, message),
    close: (socket, code, reason) =>
      isRelay(socket) ? close(socket) : appSocket.close?.(socket, code, reason),
    drain: (socket) => (isRelay(socket) ? undefined : appSocket.drain?.(socket)),
    ping: (socket, data) => (isRelay(socket) ? undefined : appSocket.ping?.(socket, data)),
    pong: (socket, data) => (isRelay(socket) ? undefined : appSocket.pong?.(socket, data)),
  };
}

function isRelay(socket: ServerWebSocket<unknown>): socket is RelaySocket {
  return (socket.data as Partial<Relay> | undefined)?.bundler instanceof WebSocket;
}

function open(socket: RelaySocket): void {
  // #region workarounds
  relays.add(socket);
  // #endregion
  const { bundler } = socket.data;
  bundler.onmessage = ({ data }) => {
    // 0 means that the page reads too slowly and the message was dropped. A page that misses an edit has to reconnect.
    if (socket.send(data) === 0) socket.terminate();
    // #region workarounds
    if (!socket.data.isSubscribed && isSubscription(data)) {
      socket.data.isSubscribed = true;
      reloadIfStale(socket);
    }
    if (socket.data.reloadsAfterBuild && isUpdate(data)) reload(socket);
    // #endregion
  };
  bundler.onclose = () => reload(socket);
  bundler.onerror = () => reload(socket);
  // The connection may have closed before the handlers were set.
  if (bundler.readyState > WebSocket.OPEN) reload(socket);
}

function send(socket: RelaySocket, message: string | Buffer<ArrayBuffer>): void {
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
  relays.delete(socket);
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
