// The engine over the C functions, however they were loaded.
// Pass every integer of 8, 16 or 32 bits as `n | 0` (src/index.ts does it for `add`): JavaScript may store it as a double, and
// C that cc() of Bun 1.4.5 compiled then reads garbage.
import { type Pointer, toArrayBuffer } from "bun:ffi";
import { searchWithAccept } from "./accept.ts";
import {
  type Engine,
  type Hit,
  metricNames,
  partSize,
  type SearchOptions,
  type Store,
} from "./engine.ts";
import { AddonError, cancelledError, notFiniteError, outOfMemoryError } from "./errors.ts";
import { hitLayout, type Symbols, status } from "./symbols.ts";

export function createNativeEngine(backend: Engine["backend"], symbols: Symbols): Engine {
  return {
    backend,
    add: symbols.addon_add,
    sqrt: symbols.addon_sqrt,
    simd: () => symbols.addon_simd() ?? "unknown",
    create: (dimensions, metric) => {
      const handle = symbols.vindex_create(dimensions | 0, metricNames.indexOf(metric) | 0);
      return createNativeStore(symbols, requirePointer(handle), dimensions);
    },
  };
}

function createNativeStore(symbols: Symbols, handle: Pointer, dimensions: number): Store {
  let size = 0;
  const rowSize = dimensions * 4;
  return {
    get size() {
      return size;
    },
    append(vectors, count) {
      requireOk(symbols.vindex_append(handle, vectors, count | 0), "vectors");
      size += count;
    },
    load(count, fill) {
      fill(viewParts(symbols.vindex_reserve(handle, count | 0), count * rowSize));
      requireOk(symbols.vindex_commit(handle, count | 0), "vectors");
      size = count;
    },
    search: (query, k, options) =>
      searchNative({ vindexSearch: symbols.vindex_search, handle, size }, query, k, options),
    parts: () => viewParts(symbols.vindex_vectors(handle), size * rowSize),
    // #region worker
    share: () => ({
      kind: "native",
      handle,
      size,
      search: requirePointer(symbols.vindex_search_address()),
    }),
    // #endregion
    free: () => symbols.vindex_free(handle),
  };
}

/** The parts of a store that a search needs. */
export interface NativeIndex {
  readonly vindexSearch: Symbols["vindex_search"];
  readonly handle: Pointer;
  readonly size: number;
}

export function searchNative(
  { vindexSearch, handle, size }: NativeIndex,
  query: Float32Array,
  k: number,
  { accept, cancel }: SearchOptions,
): Hit[] {
  const room = Math.max(1, Math.min(k, size)) | 0; // C refuses 0, also if the index is empty
  const hits = allocateHits(room);
  const run = (callback: Pointer | null): number =>
    vindexSearch(handle, query, room, hits, callback, cancel ?? null);
  const found = accept ? searchWithAccept({ accept, query, hits }, run) : run(null);
  if (found < 0) requireOk(-found, "query");
  return readHits(hits, found);
}

/** Allocates memory for `count` structs. @throws {AddonError} `out_of_memory`, in Bun for more than 4 GiB. */
export function allocateHits(count: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(count * hitLayout.size);
  } catch (cause) {
    throw new AddonError("out_of_memory", `There is no memory for ${count} hits.`, { cause });
  }
}

/** Reads the structs that C wrote. */
function readHits(memory: Uint8Array<ArrayBuffer>, count: number): Hit[] {
  const view = new DataView(memory.buffer);
  return Array.from({ length: count }, (_, index) => ({
    id: view.getUint32(index * hitLayout.size + hitLayout.id, true),
    score: view.getFloat64(index * hitLayout.size + hitLayout.score, true),
  }));
}

/** @param address may be NULL if the length is 0. @throws {AddonError} `out_of_memory` */
function viewParts(address: Pointer | bigint | null, length: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < length; at += partSize) {
    const size = Math.min(partSize, length - at);
    parts.push(new Uint8Array(toArrayBuffer(requirePointer(address), at, size)));
  }
  return parts;
}

/**
 * Returns the pointer as a number; `bigint` is only in the types of bun:ffi.
 * @throws {AddonError} `out_of_memory` on NULL, which C returns for checked arguments only if there is no memory.
 */
function requirePointer(pointer: Pointer | bigint | null): Pointer {
  if (pointer === null) throw outOfMemoryError();
  return Number(pointer) as Pointer;
}

/** `status.stopped` does not get here: src/accept.ts throws what `accept` threw. */
function requireOk(code: number, argument: "vectors" | "query"): void {
  switch (code) {
    case status.ok:
      return;
    case status.outOfMemory:
      throw outOfMemoryError();
    case status.notFinite:
      throw notFiniteError(argument);
    case status.cancelled:
      throw cancelledError();
    default:
      throw new Error(
        `C returned status ${code}, which the checks before the call should prevent. This is a bug.`,
      );
  }
}
