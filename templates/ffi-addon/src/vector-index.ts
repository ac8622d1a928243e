// The public class: checks every argument and that the index is open and idle, then calls the engine.
import { requireInteger, requireObject, requirePath, requireView } from "./check.ts";
import { defaultEngine } from "./default-engine.ts";
import {
  type Accept,
  type Engine,
  type Hit,
  type Metric,
  metricNames,
  type Store,
} from "./engine.ts";
import { AddonError } from "./errors.ts";
import { readIndex, writeIndex } from "./file.ts";
import { keepOverReloads } from "./hot.ts";
import { maxDimensions, maxSize } from "./symbols.ts";
// #region worker
import { createSearch, type WorkerSearch } from "./worker/client.ts";
// #endregion

export interface VectorIndexOptions {
  /** Numbers in each vector, 1 to 65 536. */
  readonly dimensions: number;
  /**
   * `cosine` compares directions (a zero vector scores 0 with everything), `dot` is the dot product; the highest score
   * is the best. `euclidean` is the distance, the square root of the sum of squared differences; the lowest is the best.
   */
  readonly metric: Metric;
}

/**
 * Frees the memory of indexes that are collected without having been closed. It is kept over the reloads of `bun --hot`:
 * otherwise it would be collected together with the old module, and its indexes would never be freed.
 */
const forgotten = keepOverReloads(
  `${import.meta.path} forgotten`,
  () => new FinalizationRegistry<Store>((store) => store.free()),
);

/**
 * An exact search for the nearest vectors. Scores are computed in double, so no finite input overflows, and every backend
 * gives the same bits. Ids count up from 0; equal scores are ordered by rising id.
 */
export class VectorIndex implements Disposable {
  /** Private: C would read beyond the end if a caller could assign another length. */
  readonly #dimensions: number;
  readonly #metric: Metric;
  #store: Store | undefined;
  /** Whether a search is inside `accept`. */
  #isCallingAccept = false;
  // #region worker
  /** Holds each search from the call of `searchInWorker` until the search has ended. */
  readonly #workerSearches = new Set<WorkerSearch>();
  /**
   * The newest call of `whenIdle`, until its action has returned or thrown. Searches that are requested after this call are
   * `delayed`: they start after the action. The next call of `whenIdle` waits for these searches before it runs its action.
   */
  #lastAction: { readonly returned: Promise<void>; readonly delayed: WorkerSearch[] } | undefined;
  /** Whether an action of `whenIdle` is running. No search runs in the worker then: those in `#workerSearches` wait. */
  #isInAction = false;
  // #endregion

  constructor(options: VectorIndexOptions, engine: Engine = defaultEngine) {
    const { dimensions, metric } = requireObject("options", options);
    this.#dimensions = requireInteger("dimensions", dimensions, 1, maxDimensions);
    if (!metricNames.includes(metric)) {
      throw new AddonError("invalid_argument", `metric must be one of: ${metricNames.join(", ")}.`);
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
    return this.#requireOpen().size;
  }

  /**
   * Copies vectors in, one after the other in one array. All or none.
   * @returns the id of the first; the others follow.
   * @throws {AddonError} `invalid_argument`, `detached`, `wrong_length`, `out_of_range` (NaN, an infinity, or too many
   * vectors), `out_of_memory`, `busy`, `closed`.
   */
  add(vectors: Float32Array): number {
    const store = this.#requireIdle("add to");
    const view = requireView("vectors", vectors, Float32Array);
    if (view.length % this.#dimensions !== 0) {
      throw new AddonError(
        "wrong_length",
        `vectors has ${view.length} numbers, which is not a multiple of ${this.#dimensions}.`,
      );
    }
    const first = store.size;
    const count = view.length / this.#dimensions;
    // #region worker
    if (this.#workerSearches.size > 0 && !this.#isInAction) {
      const remedy = "Use `await index.whenIdle(() => index.add(vectors))`.";
      throw new AddonError("busy", `Can't add to an index that a worker is searching. ${remedy}`);
    }
    // #endregion
    if (count > maxSize - store.size) {
      throw new AddonError("out_of_range", `An index holds at most ${maxSize} vectors.`);
    }
    store.append(view, count);
    return first;
  }

  /**
   * Returns the best `k` vectors, best first; fewer if there are fewer. The query is copied only if there is `accept`.
   * @param options.accept leaves out the vectors for which it returns false. It is called only for vectors that would be
   * among the best so far. Inside it, every method of this index throws `busy`; `size`, `dimensions` and `metric` can be
   * read. If `accept` throws, `search` throws the same value.
   * @throws {AddonError} `invalid_argument`, `detached`, `wrong_length`, `out_of_range` (`k`, NaN or an infinity),
   * `out_of_memory`, `busy`, `closed`.
   */
  search(query: Float32Array, k: number, options: { readonly accept?: Accept } = {}): Hit[] {
    const { accept } = requireObject("options", options); // first, because a getter could close the index
    const store = this.#requireIdle("search");
    const view = this.#requireQuery(query, k);
    if (accept === undefined) return store.search(view, k, {});
    if (typeof accept !== "function") {
      throw new AddonError("invalid_argument", "accept must be a function.");
    }
    this.#isCallingAccept = true;
    try {
      // A copy: `accept` could transfer or shrink the query while C reads it.
      return store.search(view.slice(), k, { accept });
    } finally {
      this.#isCallingAccept = false;
    }
  }

  // #region worker
  /**
   * Searches on another thread, which reads the same memory; only the query and the hits are copied. There is one such
   * thread for each thread that imports the package, and it runs the searches in the order of the calls. Until the search
   * has ended, the index can be searched, saved and closed, but `add` throws `busy`: see `whenIdle`. `close` cancels these
   * searches, and the memory is freed when the last of them has ended.
   * @param options.signal Aborting rejects immediately. The worker skips the search, or stops soon if it has started. Until
   * it has stopped, `add` throws `busy`.
   * @throws {AddonError} like `search`, `closed` also if the index is closed during the search, and `worker_failed`.
   */
  async searchInWorker(
    query: Float32Array,
    k: number,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Hit[]> {
    const { signal } = requireObject("options", options);
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new AddonError("invalid_argument", "signal must be an AbortSignal.");
    }
    signal?.throwIfAborted(); // before `#requireIdle`: a `throwIfAborted` of the caller's own could close the index
    const store = this.#requireIdle("search");
    const search = createSearch(store, this.#requireQuery(query, k).slice(), k);
    this.#workerSearches.add(search);
    if (this.#lastAction === undefined) search.start();
    else this.#lastAction.delayed.push(search);
    const abort = (): void => search.cancel(signal?.reason);
    // This callback also keeps the index reachable: its memory is not freed during the search.
    search.ended.then(() => {
      this.#workerSearches.delete(search);
      if (this.#store === undefined && this.#workerSearches.size === 0) store.free();
      signal?.removeEventListener("abort", abort);
    });
    signal?.addEventListener("abort", abort, { once: true });
    return search.hits;
  }

  /**
   * Calls `action`, which may use `add`, after all earlier actions have returned and all earlier searches in the worker have
   * ended. Later searches in the worker start after `action` has returned.
   * @param action a synchronous function. It is not called if the index is closed first.
   * @returns what `action` returns. @throws {AddonError} `invalid_argument`, `busy`, `closed`, and what `action` throws.
   */
  async whenIdle<Result>(action: () => Result): Promise<Result> {
    this.#requireIdle("wait for");
    if (typeof action !== "function") {
      throw new AddonError("invalid_argument", "action must be a function.");
    }
    const earlier = Array.from(this.#workerSearches, ({ ended }) => ended);
    if (this.#lastAction) earlier.push(this.#lastAction.returned);
    const returned = Promise.withResolvers<void>();
    const own = { returned: returned.promise, delayed: [] as WorkerSearch[] };
    this.#lastAction = own;
    try {
      await Promise.all(earlier);
      this.#requireOpen();
      this.#isInAction = true;
      return action();
    } finally {
      this.#isInAction = false;
      if (this.#lastAction === own) this.#lastAction = undefined;
      for (const search of own.delayed) search.start();
      returned.resolve();
    }
  }
  // #endregion

  /**
   * Writes the index to a file atomically: after an error, the old file is unchanged.
   * @throws {AddonError} `io_failed`, `invalid_argument` (the path), `busy`, `closed`.
   */
  save(path: string): void {
    const store = this.#requireIdle("save");
    const shape = { dimensions: this.#dimensions, metric: this.#metric, count: store.size };
    writeIndex(requirePath(path), shape, store.parts());
  }

  /**
   * Reads what `save` wrote, straight into the index's memory.
   * @throws {AddonError} `not_an_index`, `unsupported_version`, `corrupt_file`, `io_failed`, `out_of_memory`,
   * `out_of_range` (NaN or an infinity under a valid checksum), `invalid_argument` (the path).
   */
  static load(path: string, engine: Engine = defaultEngine): VectorIndex {
    return readIndex(requirePath(path), ({ dimensions, metric, count }, fill) => {
      const index = new VectorIndex({ dimensions, metric }, engine);
      try {
        index.#requireOpen().load(count, fill);
        return index;
      } catch (error) {
        index.close();
        throw error;
      }
    });
  }

  /**
   * Closes the index. Its memory is freed as soon as no search reads it. Closing twice is fine.
   * @throws {AddonError} `busy` inside `accept`.
   */
  close(): void {
    if (this.#store === undefined) return;
    const store = this.#requireIdle("close");
    this.#store = undefined;
    forgotten.unregister(this);
    // #region worker
    const reason = new AddonError("closed", "The index was closed during the search.");
    for (const search of this.#workerSearches) search.cancel(reason);
    if (this.#workerSearches.size > 0) return; // the last of them frees the memory when it has ended
    // #endregion
    store.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #requireOpen(): Store {
    if (this.#store !== undefined) return this.#store;
    throw new AddonError("closed", "This index is closed.");
  }

  #requireIdle(verb: string): Store {
    const store = this.#requireOpen();
    if (!this.#isCallingAccept) return store;
    throw new AddonError("busy", `Can't ${verb} an index inside its own accept callback.`);
  }

  #requireQuery(query: Float32Array, k: number): Float32Array {
    const view = requireView("query", query, Float32Array);
    requireInteger("k", k, 1, maxSize);
    if (view.length === this.#dimensions) return view;
    throw new AddonError(
      "wrong_length",
      `query has ${view.length} numbers, but the index has ${this.#dimensions} dimensions.`,
    );
  }
}
