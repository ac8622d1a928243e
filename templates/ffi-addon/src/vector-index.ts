// The public class: checks every argument, guards the life of the store, and leaves the rest to the engine.
import { checkInteger, checkObject, checkPath, checkVector } from "./check.ts";
import { engine as chosen } from "./chosen.ts";
import { type Accept, type Engine, type Hit, type Metric, metrics, type Store } from "./engine.ts";
import { AddonError } from "./errors.ts";
import { readIndex, writeIndex } from "./file.ts";
import { searchInWorker, type WorkerSearch } from "./search-worker.ts";
import { maxDimensions, maxSize } from "./symbols.ts";

export interface VectorIndexOptions {
  /** Numbers in each vector, 1 to 65 536. */
  readonly dimensions: number;
  /** `cosine` compares directions (a zero vector scores 0 with everything), `dot` is the dot product. */
  readonly metric: Metric;
}

/** Frees the memory of an index that was collected without having been closed. */
const forgotten = new FinalizationRegistry<Store>((store) => store.free());

/**
 * Exact nearest vectors. Scores are added up in double, so no finite input overflows and every backend
 * gives the same bits. Ids count up from 0; equal scores come by rising id.
 */
export class VectorIndex implements Disposable {
  /** Private, because what JavaScript can assign to is no length for C. */
  readonly #dimensions: number;
  readonly #metric: Metric;
  #store: Store | undefined;
  /** A search is calling `accept`. */
  #calling = false;
  readonly #workers = new Set<WorkerSearch>();

  /** @param engine tests pass another one than the process runs. */
  constructor(options: VectorIndexOptions, engine: Engine = chosen) {
    const { dimensions, metric } = checkObject("options", options);
    this.#dimensions = checkInteger("dimensions", dimensions, 1, maxDimensions);
    if (!metrics.includes(metric)) {
      throw new AddonError("invalid_argument", `metric must be one of: ${metrics.join(", ")}.`);
    }
    this.#metric = metric;
    this.#store = engine.create(this.#dimensions, metric);
    forgotten.register(this, this.#store, this);
  }

  get dimensions(): number {
    return this.#dimensions;
  }

  get metric(): Metric {
    return this.#metric;
  }

  /** How many vectors there are. */
  get size(): number {
    return this.#open().size;
  }

  /**
   * Copies vectors in, one after the other in one array. All or none.
   * @returns the id of the first; the others follow.
   * @throws {AddonError} `wrong_length`, `out_of_range` (NaN, infinity), `out_of_memory`, `busy` …
   */
  add(vectors: Float32Array): number {
    const store = this.#idle("add to");
    const length = checkVector("vectors", vectors);
    if (length % this.#dimensions !== 0) {
      throw new AddonError(
        "wrong_length",
        `vectors holds ${length} numbers, which is no multiple of ${this.#dimensions}.`,
      );
    }
    const first = store.size;
    store.append(vectors, this.#checkRoom(store, length / this.#dimensions));
    return first;
  }

  /**
   * The best `k` by falling score, fewer if there are fewer. The query is read where it is, not copied.
   * `accept` leaves vectors out; it is asked only about vectors that would be among the best, and the
   * index can't be used inside it. What it throws comes out of `search`.
   */
  search(query: Float32Array, k: number, options: { readonly accept?: Accept } = {}): Hit[] {
    const { accept } = checkObject("options", options); // first: a getter could close the index
    const store = this.#idle("search");
    this.#checkQuery(query, k);
    if (accept === undefined) return store.search(query, k, {});
    if (typeof accept !== "function") {
      throw new AddonError("invalid_argument", "accept must be a function.");
    }
    this.#calling = true;
    try {
      // A copy: `accept` could transfer or shrink the query while C reads it.
      return store.search(new Float32Array(query), k, { accept });
    } finally {
      this.#calling = false;
    }
  }

  /**
   * `search` on another thread, which reads the same memory: nothing but the query is copied.
   * Until it settles the index can be searched, saved and closed, but not added to.
   * @param options.signal aborting rejects at once with its reason and stops the search soon after.
   */
  async searchInWorker(
    query: Float32Array,
    k: number,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Hit[]> {
    const { signal } = checkObject("options", options);
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new AddonError("invalid_argument", "signal must be an AbortSignal.");
    }
    signal?.throwIfAborted();
    // From the checks until the search is on its way, no code of the caller runs.
    const store = this.#idle("search");
    this.#checkQuery(query, k);
    const search = searchInWorker(store, new Float32Array(query), k);
    this.#workers.add(search);
    const abort = (): void => search.cancel(signal?.reason);
    search.ended.then(() => {
      this.#workers.delete(search);
      if (this.#store === undefined && this.#workers.size === 0) store.free();
      signal?.removeEventListener("abort", abort);
    });
    signal?.addEventListener("abort", abort, { once: true });
    return search.hits;
  }

  /** Writes the index to a file: all of it, or the old file stays. */
  save(path: string): void {
    const store = this.#idle("save");
    const shape = { dimensions: this.#dimensions, metric: this.#metric, count: store.size };
    writeIndex(checkPath(path), shape, store.parts());
  }

  /**
   * Reads what `save` wrote, straight into the index's memory.
   * @throws {AddonError} `not_an_index`, `unsupported_version`, `corrupt_file`, `io_failed`.
   */
  static load(path: string, engine: Engine = chosen): VectorIndex {
    return readIndex(checkPath(path), ({ dimensions, metric, count }, fill) => {
      const index = new VectorIndex({ dimensions, metric }, engine);
      try {
        index.#open().load(count, fill);
        return index;
      } catch (error) {
        index.close();
        throw error;
      }
    });
  }

  /** Frees the memory; searches in workers are cancelled first. Closing twice is fine. */
  close(): void {
    if (this.#store === undefined) return;
    const store = this.#notCalling(this.#store, "close");
    this.#store = undefined;
    forgotten.unregister(this);
    const reason = new AddonError("closed", "The index was closed during the search.");
    for (const search of this.#workers) search.cancel(reason);
    if (this.#workers.size === 0) store.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): Store {
    if (this.#store !== undefined) return this.#store;
    throw new AddonError("closed", "This index is closed.");
  }

  #notCalling(store: Store, verb: string): Store {
    if (!this.#calling) return store;
    throw new AddonError("busy", `Can't ${verb} an index inside its own accept callback.`);
  }

  #idle(verb: string): Store {
    return this.#notCalling(this.#open(), verb);
  }

  #checkRoom(store: Store, count: number): number {
    if (this.#workers.size > 0) {
      throw new AddonError("busy", "Can't add to an index that a worker is searching.");
    }
    if (count <= maxSize - store.size) return count;
    throw new AddonError("out_of_range", `An index holds ${maxSize} vectors at the most.`);
  }

  #checkQuery(query: Float32Array, k: number): void {
    const length = checkVector("query", query);
    checkInteger("k", k, 1, maxSize);
    if (length === this.#dimensions) return;
    throw new AddonError(
      "wrong_length",
      `query holds ${length} numbers, the index has ${this.#dimensions} dimensions.`,
    );
  }
}
