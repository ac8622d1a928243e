// The engine over the C functions, however they were loaded.
// Integers cross as `n | 0`: cc() of Bun 1.4.5 reads garbage from one that JavaScript keeps as a double.
import { JSCallback, type Pointer, toArrayBuffer } from "bun:ffi";
import {
  type Accept,
  type Engine,
  type Hit,
  type Metric,
  metrics,
  type SearchOptions,
  type SharedStore,
  type Store,
} from "./engine.ts";
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
  const filter = acceptBridge();
  return {
    backend,
    library,
    add: (a, b) => symbols.addon_add(a | 0, b | 0),
    sqrt: symbols.addon_sqrt,
    simd: () => symbols.addon_simd() ?? "unknown",
    create: (dimensions, metric) => {
      const handle = symbols.vindex_create(dimensions | 0, metrics.indexOf(metric) | 0);
      return new NativeStore(symbols, filter, pointer(handle), { dimensions, metric, size: 0 });
    },
    attach: (shared) => {
      if (shared.kind !== "native") throw new TypeError("not a native store");
      return new NativeStore(symbols, filter, shared.handle as Pointer, shared);
    },
  };
}

type Filter = ReturnType<typeof acceptBridge>;
type Shape = Pick<SharedStore, "dimensions" | "metric" | "size">;

class NativeStore implements Store {
  readonly #symbols: Symbols;
  readonly #filter: Filter;
  readonly #handle: Pointer;
  readonly #dimensions: number;
  readonly #metric: Metric;
  #size: number;

  constructor(symbols: Symbols, filter: Filter, handle: Pointer, shape: Shape) {
    this.#symbols = symbols;
    this.#filter = filter;
    this.#handle = handle;
    this.#dimensions = shape.dimensions;
    this.#metric = shape.metric;
    this.#size = shape.size;
  }

  get size(): number {
    return this.#size;
  }

  append(vectors: Float32Array, count: number): void {
    if (count === 0) return;
    succeed(this.#symbols.vindex_append(this.#handle, vectors, count | 0));
    this.#size += count;
  }

  load(count: number, fill: (bytes: Uint8Array) => void): void {
    if (count === 0) return;
    const room = pointer(this.#symbols.vindex_reserve(this.#handle, count | 0));
    fill(new Uint8Array(toArrayBuffer(room, 0, count * this.#dimensions * 4)));
    succeed(this.#symbols.vindex_commit(this.#handle, count | 0));
    this.#size += count;
  }

  search(query: Float32Array, k: number, { accept, cancel }: SearchOptions): Hit[] {
    const room = Math.min(k, this.#size) | 0;
    if (room === 0) return [];
    const hits = allocateHits(room);
    const run = (callback: Pointer | null): number =>
      this.#symbols.vindex_search(this.#handle, query, room, hits, callback, cancel ?? null);
    const found = accept ? this.#filter.during({ accept, query, hits }, run) : run(null);
    if (found < 0) succeed(-found);
    return readHits(hits, found);
  }

  bytes(): Uint8Array {
    if (this.#size === 0) return new Uint8Array(0);
    const vectors = pointer(this.#symbols.vindex_vectors(this.#handle));
    return new Uint8Array(toArrayBuffer(vectors, 0, this.#size * this.#dimensions * 4));
  }

  share(): SharedStore {
    return {
      kind: "native",
      handle: this.#handle,
      dimensions: this.#dimensions,
      metric: this.#metric,
      size: this.#size,
    };
  }

  free(): void {
    this.#symbols.vindex_free(this.#handle);
  }
}

/** A search with `accept` under way. It keeps alive what C reads and writes while JavaScript runs. */
interface Call {
  readonly accept: Accept;
  readonly query: Float32Array;
  readonly hits: Uint8Array;
  error?: unknown;
}

/**
 * One C callback for all searches, made when it is first needed and kept for the life of the process:
 * making one costs far more than calling it. It runs on the thread that searches.
 */
function acceptBridge() {
  let current: Call | undefined;
  let callback: JSCallback | undefined;

  function verdict(id: number): number {
    if (!current) return -1;
    try {
      const kept: unknown = current.accept(id);
      if (typeof kept === "boolean") return kept ? 1 : 0;
      throw new AddonError("invalid_argument", "accept must return true or false, and no promise.");
    } catch (error) {
      // An exception must not unwind through C: it waits here until the search has returned.
      current.error = error;
      return -1;
    }
  }

  return {
    during(call: Call, run: (callback: Pointer) => number): number {
      callback ??= new JSCallback(verdict, { args: ["u32"], returns: "i32" });
      const outer = current;
      current = call;
      try {
        const found = run(pointer(callback.ptr));
        if (found === -status.stopped) throw call.error;
        return found;
      } finally {
        current = outer;
      }
    },
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
