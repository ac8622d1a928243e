// Relays the WebSocket over which Bun's bundler sends edits to a page, and the page its console output.
import type { ServerWebSocket, WebSocketHandler } from "bun";
import { lastUpdate } from "./save-watcher.ts";
import { sourcesFingerprint } from "./sources.ts";

/** `socket.data` of a page that is connected to the bundler. */
export interface Relay {
  readonly kind: "relay";
  readonly bundler: WebSocket;
  /** Fingerprint of the sources that the page was built from. */
  readonly fingerprint: string;
}

type RelaySocket = ServerWebSocket<Relay>;

/** First bytes of the bundler's messages: the subscription is confirmed ("n"), an edit ("u"), build errors ("e"). */
const SUBSCRIBED = 110;
const UPDATES = new Set([117, 101]);

/** Bytes of a message between a page and the bundler, and of messages that a page has not read yet. */
const RELAY_LIMIT = 16 * 1024 * 1024;

/**
 * A hello message with another version than the page's own, after which the page reloads. Closing the
 * socket is not enough: Bun's client reconnects and does not notice that the bundler is another one.
 */
const RELOAD = Buffer.from("Vreload");

export function openRelay(bundler: WebSocket, fingerprint: string): Relay {
  return { kind: "relay", bundler, fingerprint };
}

type AppSocket = WebSocketHandler<unknown> &
  Pick<Required<WebSocketHandler<unknown>>, "open" | "message" | "close">;

/**
 * Adds relays to the sockets that the app handles. The runtime has one set of limits for all sockets, and those of
 * the app may be too low for relays, whose messages are edits and console output. The app's `maxPayloadLength` is
 * therefore checked here; a slow consumer is disconnected as in production, but not before the relays' limit.
 */
export function withRelay(appSocket: AppSocket): WebSocketHandler<unknown> {
  const { maxPayloadLength = RELAY_LIMIT, backpressureLimit = RELAY_LIMIT } = appSocket;
  const receive: AppSocket["message"] = (socket, message) => {
    if (Buffer.byteLength(message) <= maxPayloadLength) return appSocket.message(socket, message);
    socket.close(1009, "The message is too long.");
  };
  return {
    ...appSocket,
    maxPayloadLength: Math.max(maxPayloadLength, RELAY_LIMIT),
    backpressureLimit: Math.max(backpressureLimit, RELAY_LIMIT),
    open: (socket) => (isRelay(socket) ? open(socket) : appSocket.open(socket)),
    message: (socket, message) =>
      isRelay(socket) ? send(socket, message) : receive(socket, message),
    close: (socket, code, reason) =>
      isRelay(socket) ? socket.data.bundler.close() : appSocket.close(socket, code, reason),
  };
}

function isRelay(socket: ServerWebSocket<unknown>): socket is RelaySocket {
  return (socket.data as Relay | undefined)?.kind === "relay";
}

function open(socket: RelaySocket): void {
  const { bundler } = socket.data;
  bundler.onmessage = ({ data }) => {
    socket.send(data);
    const [kind = 0] = new Uint8Array(data);
    if (UPDATES.has(kind)) lastUpdate.at = Date.now();
    if (kind === SUBSCRIBED) void reloadIfStale(socket);
  };
  bundler.onclose = () => reload(socket);
  bundler.onerror = () => reload(socket);
  // The connection may have closed before the handlers were set.
  if (bundler.readyState > WebSocket.OPEN) reload(socket);
}

function send(socket: RelaySocket, message: string | Buffer<ArrayBuffer>): void {
  const { bundler } = socket.data;
  if (bundler.readyState === WebSocket.OPEN) bundler.send(message);
  else bundler.addEventListener("open", () => bundler.send(message), { once: true });
}

function reload(socket: RelaySocket): void {
  socket.sendBinary(RELOAD);
  socket.close();
}

/** The bundler does not send edits that were made after the page was built and before it subscribed. */
async function reloadIfStale(socket: RelaySocket): Promise<void> {
  if ((await sourcesFingerprint()) !== socket.data.fingerprint) reload(socket);
}
