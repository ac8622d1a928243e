// What each backend implements. `Backend` is its name, `Engine` its functions; their arguments have been checked already.
// #region worker
import type { NativeShare, TypeScriptShare } from "./worker/share.ts";
// #endregion

export type Backend =
  // #region prebuilt
  | "prebuilt" // from a platform package
  // #endregion
  | "compiled" // by `bun run build`
  | "tinycc" // in memory, by cc() of Bun
  | "typescript";

/** In the order in which they are tried. */
export const backendOrder: readonly Backend[] = [
  // #region prebuilt
  "prebuilt",
  // #endregion
  "compiled",
  "tinycc",
  "typescript", // always works, so it comes last
];

/**
 * In the order of `enum vindex_metric`. With `isDistance`, the lowest score is the best. `version` is the first version of the
 * file format that has this metric. `save` writes this version, so every library that knows the metric can read the file.
 */
export const metrics = {
  dot: { isDistance: false, version: 1 },
  cosine: { isDistance: false, version: 1 },
  euclidean: { isDistance: true, version: 2 },
} as const;
export type Metric = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as Metric[];

export interface Hit {
  readonly id: number;
  /** The cosine, the dot product or the distance, depending on the metric. */
  readonly score: number;
}

export type Accept = (id: number) => boolean;

export interface SearchOptions {
  readonly accept?: Accept | undefined;
  /** Shared memory that is 0. The search stops and throws once another thread writes another number. */
  readonly cancel?: Int32Array<SharedArrayBuffer> | undefined;
}

/**
 * The memory of a store is read and written in parts of this many bytes, because a view in JavaScript has at most 4 GiB.
 * Do not change it: the checksum of a saved index is computed from the checksums of the parts.
 */
export const partSize = 2 ** 28;

/** The vectors of one index, in memory that the backend owns. */
export interface Store {
  readonly size: number;
  /** Copies `count` vectors in. @throws {AddonError} if a number is not finite; none is copied then. */
  append(vectors: Float32Array, count: number): void;
  /** Lets `fill` write `count` vectors straight into the memory of an empty store; all or none, like `append`. */
  load(count: number, fill: (parts: readonly Uint8Array[]) => void): void;
  search(query: Float32Array, k: number, options: SearchOptions): Hit[];
  /** All vectors, not copied: good until the next `append`, `load` or `free`. */
  parts(): readonly Uint8Array[];
  // #region worker
  share(): NativeShare | TypeScriptShare;
  // #endregion
  free(): void;
}

export interface Engine {
  readonly backend: Backend;
  /** Takes integers as `n | 0`; src/native.ts says why. */
  add(a: number, b: number): number;
  sqrt(x: number): number;
  simd(): string;
  create(dimensions: number, metric: Metric): Store;
}
