// The server's state as the page sees it: one WebSocket that connects again by itself, and a hook to read it.
import { useSyncExternalStore } from "react";
import { paths, type State } from "../shared/state.ts";

export interface Live {
  readonly connected: boolean;
  /** The last one that came; `undefined` until the first. */
  readonly state: State | undefined;
}

let live: Live = { connected: false, state: undefined };
let socket: WebSocket | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
const listeners = new Set<() => void>();

function update(change: Partial<Live>): void {
  live = { ...live, ...change };
  for (const listener of listeners) listener();
}

function connect(): void {
  const url = new URL(paths.live, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    attempts = 0;
    update({ connected: true, state: JSON.parse(data) });
  };
  socket.onclose = () => {
    update({ connected: false });
    // Spread out, so that the clients of a server that restarts don't come back all at once.
    const wait = Math.min(10_000, 250 * 2 ** attempts) * (0.5 + Math.random() / 2);
    attempts += 1;
    retry = setTimeout(connect, wait);
  };
}

/** Counts up on the server; the new state comes over the WebSocket, as to everybody. */
export function increment(): void {
  fetch(paths.increment, { method: "POST" }).catch(() => update({ connected: false }));
}

export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => live);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

connect();

// An edit of this file connects anew.
if (import.meta.hot) {
  import.meta.hot.dispose(() => {
    clearTimeout(retry);
    if (!socket) return;
    socket.onclose = null;
    socket.close();
  });
}
