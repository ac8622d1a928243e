// The server's state, which arrives over a WebSocket.
import { useSyncExternalStore } from "react";
import type { State } from "../features/counter/state.ts";

let state: State | undefined;
let socket: WebSocket | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function connect(): void {
  socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/live`);
  socket.onmessage = ({ data }) => {
    state = JSON.parse(data);
    for (const listener of listeners) listener();
  };
  socket.onclose = () => {
    retry = setTimeout(connect, 250);
  };
}

export async function increment(): Promise<void> {
  await fetch("/api/increment", { method: "POST" });
}

export function useLive(): State | undefined {
  return useSyncExternalStore(subscribe, () => state);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

connect();

if (import.meta.hot) {
  import.meta.hot.dispose(() => {
    clearTimeout(retry);
    if (socket) socket.onclose = null;
    socket?.close();
  });
}
