// Receives the server's state over a WebSocket that reconnects.
import { api } from "./api.ts";
import { update } from "./server-state.ts";

/** Milliseconds without a message after which the connection counts as lost: the server sends one every second. */
const HEARTBEAT_TIMEOUT_MS = 10_000;

let socket: WebSocket | undefined;
/** Replaces a silent connection, or opens the next one. */
let timer: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;

function connect(): void {
  const url = api.live.$url();
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  awaitMessage();
  // Hides the error of a request that failed while there was no connection. Messages set only `state`.
  socket.onopen = () => update({ isConnected: true, failure: undefined });
  socket.onmessage = ({ data }) => {
    attempts = 0;
    awaitMessage();
    update({ state: JSON.parse(data) });
  };
  socket.onclose = reconnect;
}

function awaitMessage(): void {
  clearTimeout(timer);
  timer = setTimeout(reconnect, HEARTBEAT_TIMEOUT_MS);
}

function reconnect(): void {
  end();
  update({ isConnected: false });
  // With jitter: otherwise all clients of a restarted server would reconnect in the same moment.
  const delay = Math.min(10_000, 250 * 2 ** attempts) * (0.5 + Math.random() / 2);
  attempts += 1;
  timer = setTimeout(connect, delay);
}

/** Does not wait for the event `close`, which comes late or never if the server is silent. */
function end(): void {
  clearTimeout(timer);
  if (!socket) return;
  socket.onmessage = null;
  socket.onclose = null;
  socket.close();
}

// An edit evaluates this file again, so the previous connection has to end. Without `import.meta.hot.accept`, Bun 1.4.5 does not
// call `dispose`: https://github.com/oven-sh/bun/pull/37785
import.meta.hot.data.end?.();
import.meta.hot.data.end = end;

connect();
