// The server's state as the page sees it: one WebSocket that reconnects, and a hook to read the state.
import { useSyncExternalStore } from "react";
import type { State } from "../shared/state.ts";
import { api } from "./api.ts";

export interface Live {
  readonly connected: boolean;
  /** The latest state; `undefined` until the first message. */
  readonly state: State | undefined;
  /** Why the latest `increment` failed; `undefined` if it did not. */
  readonly failure: string | undefined;
}

let live: Live = { connected: false, state: undefined, failure: undefined };
let socket: WebSocket | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
const listeners = new Set<() => void>();

function update(change: Partial<Live>): void {
  live = { ...live, ...change };
  for (const listener of listeners) listener();
}

function connect(): void {
  const url = api.live.$url();
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    attempts = 0;
    update({ connected: true, state: JSON.parse(data) });
  };
  socket.onclose = () => {
    update({ connected: false });
    // With jitter: otherwise all clients of a restarted server would reconnect in the same moment.
    const delay = Math.min(10_000, 250 * 2 ** attempts) * (0.5 + Math.random() / 2);
    attempts += 1;
    retry = setTimeout(connect, delay);
  };
}

/** Increments the server's counter. The new state arrives over the WebSocket. */
export async function increment(): Promise<void> {
  update({ failure: await requestIncrement() });
}

/** Returns undefined, or why the request failed. */
async function requestIncrement(): Promise<string | undefined> {
  try {
    const { ok, status } = await api.increment.$post();
    return ok ? undefined : `The server did not count: it responded with ${status}.`;
  } catch {
    return "The server did not respond: try again.";
  }
}

export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => live);
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
