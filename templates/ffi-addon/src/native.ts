// The engine over the C functions, however they were loaded.
// Integers cross as `n | 0`: cc() of Bun 1.4.5 reads garbage from one that JavaScript keeps as a double.
import { type Pointer, toArrayBuffer } from "bun:ffi";
import { type AcceptBridge, acceptBridge } from "./accept.ts";
import { type Engine, metrics, type SharedStore, type Store } from "./engine.ts";
import { AddonError } from "./errors.ts";
import { allocateHits, checkLayout, readHits } from "./layout.ts";
import { abi, type Symbols, status } from "./symbols.ts";

export function nativeEngine(
  backend: Engine["backend"],
  symbols: Symbols,
  library?: string,
): Engine {
  const found = symbols.addon_abi();
  if (found !== abi) {
    throw new AddonError("backend_unavailable", `its ABI is ${found}, expected ${abi}`);
  }
  checkLayout(symbols.vindex_hit_layout);
  const bridge = acceptBridge();
  const open = (handle: Pointer, shape: Shape): Store =>
    nativeStore(symbols, bridge, handle, shape);
  return {
    backend,
    library,
    add: (a, b) => symbols.addon_add(a | 0, b | 0),
    sqrt: symbols.addon_sqrt,
    simd: () => symbols.addon_simd() ?? "unknown",
    create: (dimensions, metric) => {
      const handle = symbols.vindex_create(dimensions | 0, metrics.indexOf(metric) | 0);
      return open(pointer(handle), { dimensions, metric, size: 0 });
    },
    attach: (shared) => {
      if (shared.kind !== "native") throw new TypeError("not a native store");
      return open(shared.handle as Pointer, shared);
    },
  };
}

type Shape = Pick<SharedStore, "dimensions" | "metric" | "size">;

function nativeStore(symbols: Symbols, bridge: AcceptBridge, handle: Pointer, shape: Shape): Store {
  const { dimensions, metric } = shape;
  let { size } = shape;
  const view = (address: Pointer, count: number): Uint8Array =>
    new Uint8Array(toArrayBuffer(address, 0, count * dimensions * 4));
  return {
    get size() {
      return size;
    },
    append(vectors, count) {
      if (count === 0) return;
      succeed(symbols.vindex_append(handle, vectors, count | 0));
      size += count;
    },
    load(count, fill) {
      if (count === 0) return;
      fill(view(pointer(symbols.vindex_reserve(handle, count | 0)), count));
      succeed(symbols.vindex_commit(handle, count | 0));
      size += count;
    },
    search(query, k, { accept, cancel = null }) {
      const room = Math.min(k, size) | 0;
      if (room === 0) return [];
      const hits = allocateHits(room);
      const run = (callback: Pointer | null): number =>
        symbols.vindex_search(handle, query, room, hits, callback, cancel);
      const found = accept ? bridge({ accept, query, hits }, run) : run(null);
      if (found < 0) succeed(-found);
      return readHits(hits, found);
    },
    bytes: () =>
      size === 0 ? new Uint8Array(0) : view(pointer(symbols.vindex_vectors(handle)), size),
    share: () => ({ kind: "native", handle, dimensions, metric, size }),
    free: () => symbols.vindex_free(handle),
  };
}

/** @throws {AddonError} on NULL, which every function of this library returns when memory is short. */
function pointer(value: Pointer | bigint | null): Pointer {
  if (typeof value === "number") return value;
  throw new AddonError("out_of_memory", "The C library could not allocate the memory for this.");
}

function succeed(code: number): void {
  switch (code) {
    case status.ok:
      return;
    case status.outOfMemory:
      throw new AddonError("out_of_memory", "There is no memory for these vectors.");
    case status.notFinite:
      throw new AddonError("out_of_range", "A vector holds NaN or an infinity.");
    case status.cancelled:
      throw new AddonError("cancelled", "The search was cancelled.");
    default:
      throw new Error(`The C library answered with status ${code}: a check is missing before it.`);
  }
}
