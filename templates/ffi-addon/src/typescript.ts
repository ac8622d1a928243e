// The engine in plain TypeScript: it runs where nothing else does, and it is what the C is tested against.
import { askAccept } from "./check.ts";
import {
  type Engine,
  type Hit,
  type Metric,
  metrics,
  partSize,
  type SearchOptions,
  type Store,
} from "./engine.ts";
import { cancelledError, notFiniteError, outOfMemoryError } from "./errors.ts";
// #region worker
import type { TypeScriptShare } from "./worker/share.ts";
// #endregion

export const typescriptEngine: Engine = {
  backend: "typescript",
  add: (a, b) => (a + b) | 0,
  sqrt: Math.sqrt,
  simd: () => "none",
  create: (dimensions, metric) => new TypeScriptStore(dimensions, metric),
};

const cancelCheckRows = 256;

/** Its memory is shared, so that another thread can search it without a copy. */
export class TypeScriptStore implements Store {
  #vectors = new Float32Array(new SharedArrayBuffer(0));
  #norms = new Float64Array(new SharedArrayBuffer(0));
  #size = 0;

  constructor(
    readonly dimensions: number,
    readonly metric: Metric,
  ) {}

  get size(): number {
    return this.#size;
  }

  /** Replaces its memory. */
  adopt(vectors: SharedArrayBuffer, norms: SharedArrayBuffer, size: number): void {
    this.#vectors = new Float32Array(vectors);
    this.#norms = new Float64Array(norms);
    this.#size = size;
  }

  append(vectors: Float32Array, count: number): void {
    this.#reserve(count);
    this.#vectors.set(vectors, this.#size * this.dimensions);
    this.#commit(count);
  }

  load(count: number, fill: (parts: readonly Uint8Array[]) => void): void {
    this.#reserve(count);
    fill(this.#parts(count));
    this.#commit(count);
  }

  search(query: Float32Array, k: number, { accept, cancel }: SearchOptions): Hit[] {
    const queryNorm = computeNorm(query);
    if (!Number.isFinite(queryNorm)) throw notFiniteError("query");
    const heap = Array.from({ length: Math.min(k, this.#size) }, () => noHit);
    for (let id = 0; id < this.#size; id++) {
      if (cancel && id % cancelCheckRows === 0 && Atomics.load(cancel, 0) !== 0) {
        throw cancelledError();
      }
      const score = this.#score(query, queryNorm, id);
      if (score <= (heap[0] as Hit).score) continue; // equal scores: the lower id stays
      if (accept && !askAccept(accept, id)) continue;
      replaceWorst(heap, { id, score });
    }
    const hits = heap.filter((hit) => hit !== noHit).sort((a, b) => (isWorse(a, b) ? 1 : -1));
    if (!metrics[this.metric].isDistance) return hits;
    return hits.map(({ id, score }) => ({ id, score: -score }));
  }

  /** A distance is negative here, so that a higher score is better with every metric. */
  #score(query: Float32Array, queryNorm: number, id: number): number {
    const { dimensions, metric } = this;
    const at = id * dimensions;
    if (metric === "euclidean") {
      return -Math.sqrt(sumSquaredDifferences(query, this.#vectors, at));
    }
    const product = sumProducts(query, this.#vectors, at);
    if (metric === "dot") return product;
    const scale = queryNorm * (this.#norms[id] ?? 0);
    return scale === 0 ? 0 : product / scale;
  }

  parts(): readonly Uint8Array[] {
    return this.#parts(this.#size);
  }

  // #region worker
  share(): TypeScriptShare {
    const { dimensions, metric, size } = this;
    const vectors = this.#vectors.buffer;
    const norms = this.#norms.buffer;
    return { kind: "typescript", dimensions, metric, size, vectors, norms };
  }
  // #endregion

  free(): void {
    this.adopt(new SharedArrayBuffer(0), new SharedArrayBuffer(0), 0);
  }

  #parts(count: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    const end = count * this.dimensions * 4;
    for (let at = 0; at < end; at += partSize) {
      parts.push(new Uint8Array(this.#vectors.buffer, at, Math.min(partSize, end - at)));
    }
    return parts;
  }

  #reserve(count: number): void {
    const needed = this.#size + count;
    const capacity = this.#norms.length;
    if (needed <= capacity) return;
    try {
      this.#grow(Math.max(needed, Math.floor(capacity * 1.5)));
    } catch {
      this.#grow(needed); // there may be memory for just these
    }
  }

  #grow(rows: number): void {
    try {
      const vectors = new Float32Array(new SharedArrayBuffer(rows * this.dimensions * 4));
      const norms = new Float64Array(new SharedArrayBuffer(rows * 8));
      vectors.set(this.#vectors);
      norms.set(this.#norms);
      this.#vectors = vectors;
      this.#norms = norms;
    } catch (cause) {
      throw outOfMemoryError(cause);
    }
  }

  #commit(count: number): void {
    for (let id = this.#size; id < this.#size + count; id++) {
      const at = id * this.dimensions;
      const norm = computeNorm(this.#vectors.subarray(at, at + this.dimensions));
      if (!Number.isFinite(norm)) throw notFiniteError("vectors");
      this.#norms[id] = norm;
    }
    this.#size += count;
  }
}

/** The Euclidean norm. It is finite if, and only if, every component is: finite floats cannot overflow a double. */
function computeNorm(vector: Float32Array): number {
  return Math.sqrt(sumProducts(vector, vector, 0));
}

/** `a` times the vector at `at` in `b`. Adds up in the order of `compute_dot` in native/vindex.h: the same bits. */
function sumProducts(a: Float32Array, b: Float32Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[at + i] as number);
  return sum;
}

/** Like `compute_squared_distance` in native/vindex.h: the same bits. */
function sumSquaredDifferences(a: Float32Array, b: Float32Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[at + i] as number);
    sum += difference * difference;
  }
  return sum;
}

const isWorse = (a: Hit, b: Hit): boolean =>
  a.score < b.score || (a.score === b.score && a.id > b.id);

/** The heap starts with `k` of these. It is worse than every vector, because the scores of vectors are finite. */
const noHit: Hit = { id: Infinity, score: -Infinity };

/** Replaces the worst hit, which is the root of the heap, as in native/search.c. */
function replaceWorst(heap: Hit[], hit: Hit): void {
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    const isRight = left !== undefined && right !== undefined && isWorse(right, left);
    const child = isRight ? right : left;
    if (child === undefined || !isWorse(child, hit)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = hit;
}
