// Receives the server's state over a WebSocket that reconnects.
import { api } from "./api.ts";
import { update } from "./server-state.ts";

let socket: WebSocket | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;

function connect(): void {
  const url = api.live.$url();
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    attempts = 0;
    // Keeps `failure`: the server sends its state every second, which would hide the message of a failed request.
    update({ state: JSON.parse(data), isConnected: true });
  };
  socket.onclose = () => {
    update({ isConnected: false });
    // With jitter: otherwise all clients of a restarted server would reconnect in the same moment.
    const delay = Math.min(10_000, 250 * 2 ** attempts) * (0.5 + Math.random() / 2);
    attempts += 1;
    retry = setTimeout(connect, delay);
  };
}

// An edit evaluates this file again, so the previous connection has to end. Without `import.meta.hot.accept`, Bun 1.4.5 does not
// call `dispose`: https://github.com/oven-sh/bun/pull/37785
if (import.meta.hot) {
  import.meta.hot.data.end?.();
  import.meta.hot.data.end = () => {
    clearTimeout(retry);
    if (!socket) return;
    socket.onclose = null;
    socket.close();
  };
}

connect();
