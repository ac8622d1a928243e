// What a backend provides. Arguments that arrive here have been checked.
import type { Pointer } from "bun:ffi";

/** In the order in which they are tried. */
export const backends = ["prebuilt", "compiled", "tinycc", "typescript"] as const;
export type Backend = (typeof backends)[number];

export const metrics = ["dot", "cosine"] as const;
export type Metric = (typeof metrics)[number];

export interface Hit {
  readonly id: number;
  readonly score: number;
}

export type Accept = (id: number) => boolean;

export interface SearchOptions {
  readonly accept?: Accept | undefined;
  /** Shared memory that another thread sets to 1 to end the search with `cancelled`. */
  readonly cancel?: Int32Array<SharedArrayBuffer> | undefined;
}

/** Bytes in each part of a store's memory but the last: JavaScript has no view of more than 4 GiB. */
export const partSize = 2 ** 28;

/** The vectors of one index, in memory that the backend owns. */
export interface Store {
  readonly size: number;
  /** Copies `count` vectors in. All or none: one number that is not finite refuses them all. */
  append(vectors: Float32Array, count: number): void;
  /** Lets `fill` write `count` vectors straight into the store's memory; all or none, like `append`. */
  load(count: number, fill: (parts: Iterable<Uint8Array>) => void): void;
  search(query: Float32Array, k: number, options: SearchOptions): Hit[];
  /** All vectors, not copied: good until the next `append`, `load` or `free`. */
  parts(): Iterable<Uint8Array>;
  /** Plain data by which another thread of this process finds the same memory. */
  share(): NativeShare | TypeScriptShare;
  free(): void;
}

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

export interface Engine {
  readonly backend: Backend;
  add(a: number, b: number): number;
  sqrt(x: number): number;
  simd(): string;
  create(dimensions: number, metric: Metric): Store;
}
