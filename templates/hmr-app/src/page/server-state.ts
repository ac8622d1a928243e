// The page's copy of the server's state, and a hook to read it.
import { useSyncExternalStore } from "react";
import type { State } from "../shared/state.ts";
import { api, request } from "./api.ts";

export interface ServerState {
  /** The latest state; `undefined` until it has been loaded. */
  readonly state: State | undefined;
  /** Why the latest request failed; `undefined` if it did not. */
  readonly failure: string | undefined;
  // #region live
  /** Whether the WebSocket delivers the state. */
  readonly isConnected: boolean;
  // #endregion
}

let current: ServerState = {
  state: undefined,
  failure: undefined,
  // #region live
  isConnected: false,
  // #endregion
};
const listeners = new Set<() => void>();

/** Increments the server's counter. */
export function increment(): Promise<void> {
  return load(() => api.increment.$post());
}

let latestRequest = 0;

async function load(send: () => ReturnType<typeof api.state.$get>): Promise<void> {
  latestRequest += 1;
  const number = latestRequest;
  const before = current.state;
  const { value: state, failure } = await request(send);
  // A later request, or a message that arrived in the meantime, has newer state than this response.
  if (number !== latestRequest) return;
  update(state && current.state === before ? { state, failure } : { failure });
}

export function update(change: Partial<ServerState>): void {
  current = { ...current, ...change };
  for (const listener of listeners) listener();
}

export function useServerState(): ServerState {
  return useSyncExternalStore(subscribe, () => current);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

load(() => api.state.$get());
