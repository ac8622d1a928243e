// Receives the server's state over a WebSocket that reconnects.
import { useSyncExternalStore } from "react";
import { api } from "./api.ts";
import { receive } from "./server-state.ts";

let isConnected = false;
let socket: WebSocket | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
const listeners = new Set<() => void>();

function setConnected(value: boolean): void {
  isConnected = value;
  for (const listener of listeners) listener();
}

function connect(): void {
  const url = api.live.$url();
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    attempts = 0;
    if (!isConnected) setConnected(true);
    receive(JSON.parse(data));
  };
  socket.onclose = () => {
    setConnected(false);
    // With jitter: otherwise all clients of a restarted server would reconnect in the same moment.
    const delay = Math.min(10_000, 250 * 2 ** attempts) * (0.5 + Math.random() / 2);
    attempts += 1;
    retry = setTimeout(connect, delay);
  };
}

export function useConnected(): boolean {
  return useSyncExternalStore(subscribe, () => isConnected);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

connect();

// An edit of this file runs it again, so the old connection has to end.
if (import.meta.hot) {
  import.meta.hot.dispose(() => {
    clearTimeout(retry);
    if (!socket) return;
    socket.onclose = null;
    socket.close();
  });
}
