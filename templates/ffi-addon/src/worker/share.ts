// Describes a store as plain data, so that the worker thread can search the same memory.
import { linkSymbols } from "bun:ffi";
import type { Metric, Store } from "../engine.ts";
import { type NativeIndex, searchNative } from "../native.ts";
import { declarations } from "../symbols.ts";
import { TypeScriptStore } from "../typescript.ts";

/** The type of bun:ffi, repeated so that programs which use the library type-check without @types/bun. */
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

export function attachStore(shared: NativeShare | TypeScriptShare): Pick<Store, "search"> {
  if (shared.kind === "native") return attachNative(shared);
  const store = new TypeScriptStore(shared.dimensions, shared.metric);
  store.adopt(shared.vectors, shared.norms, shared.size);
  return store;
}

/**
 * Returns true for the first of two callers: the worker that starts a search, and the thread that cancels it. A search
 * that was cancelled first never reads the store, so the store does not have to wait for the searches before it.
 */
export function claim(claimed: Int32Array<SharedArrayBuffer>): boolean {
  return Atomics.exchange(claimed, 0, 1) === 0;
}

/** Created once for each function: Bun never releases what `linkSymbols` creates. */
const linked = new Map<Pointer, NativeIndex["vindexSearch"]>();

/**
 * Calls the very function that belongs to the store: a library opened again, from a file that may have changed, could
 * lay the memory out differently.
 */
function attachNative({ handle, search, size }: NativeShare): Pick<Store, "search"> {
  const vindexSearch = linked.get(search) ?? linkSearch(search);
  linked.set(search, vindexSearch);
  const index = { vindexSearch, handle, size };
  return { search: (query, k, options) => searchNative(index, query, k, options) };
}

function linkSearch(ptr: Pointer): NativeIndex["vindexSearch"] {
  const vindex_search = { ...declarations.vindex_search, ptr };
  return linkSymbols({ vindex_search }).symbols.vindex_search;
}
