// Describes a store as plain data, so that the worker thread can search the same memory.
import { linkSymbols } from "bun:ffi";
import type { Hit, Metric } from "../engine.ts";
import { type NativeIndex, searchNative } from "../native.ts";
import { declarations } from "../symbols.ts";
import { TypeScriptStore } from "../typescript.ts";
import type { SearchRequest } from "./client.ts";

/** The type of bun:ffi, repeated so that programs which use the package type-check without @types/bun. */
type Pointer = number & { __pointer__: null };

export interface NativeShare {
  readonly kind: "native";
  readonly handle: Pointer;
  /** The address of the C function that searches it. */
  readonly search: Pointer;
  readonly size: number;
}

export interface TypeScriptShare {
  readonly kind: "typescript";
  readonly dimensions: number;
  readonly metric: Metric;
  readonly size: number;
  readonly vectors: SharedArrayBuffer;
  readonly norms: SharedArrayBuffer;
}

/**
 * The state of one search, in memory that both threads read: waiting, running or cancelled. Running is 0, because C stops
 * when its cancel flag is not 0.
 */
export type SearchState = Int32Array<SharedArrayBuffer>;
const running = 0;
const waiting = 1;
const cancelled = 2;

export const createSearchState = (): SearchState =>
  new Int32Array(new SharedArrayBuffer(4)).fill(waiting);

export const isCancelled = (state: SearchState): boolean => Atomics.load(state, 0) === cancelled;

/** Marks the search as running. Returns false if it was cancelled before: it must not read the store then. */
export const startSearch = (state: SearchState): boolean =>
  Atomics.compareExchange(state, 0, waiting, running) === waiting;

/** Cancels the search. Returns true if it had not started: it will never read the store. */
export const cancelSearch = (state: SearchState): boolean =>
  Atomics.exchange(state, 0, cancelled) === waiting;

/** Searches the memory of a store that another thread owns, after `startSearch`. */
export function searchShared({ store, query, k, state }: SearchRequest): Hit[] {
  const options = { cancel: state };
  if (store.kind === "native") {
    const index = { ...store, vindexSearch: linkSearch(store.search) };
    return searchNative(index, query, k, options);
  }
  const attached = new TypeScriptStore(store.dimensions, store.metric);
  attached.adopt(store.vectors, store.norms, store.size);
  return attached.search(query, k, options);
}

/** Bun never releases what `linkSymbols` creates, so each function is linked once. */
const linked = new Map<Pointer, NativeIndex["vindexSearch"]>();

/**
 * Links the very function that belongs to the store: a library opened again, from a file that may have changed, could lay
 * the memory out differently.
 */
function linkSearch(ptr: Pointer): NativeIndex["vindexSearch"] {
  return linked.getOrInsertComputed(ptr, () => {
    const { symbols } = linkSymbols({ vindex_search: { ...declarations.vindex_search, ptr } });
    return symbols.vindex_search;
  });
}
