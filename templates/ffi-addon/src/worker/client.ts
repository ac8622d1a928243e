// Searches on another thread. The first search of each thread that imports the package starts one worker, which runs all its
// searches one after the other.
import { createWorkerUrl, id as packageId } from "../artifacts.ts";
import type { Hit, Store } from "../engine.ts";
import { AddonError, workerFailedError } from "../errors.ts";
import { keepOverReloads } from "../hot.ts";
import { cancelSearch, createSearchState, isCancelled, type SearchState } from "./share.ts";

export interface SearchRequest {
  readonly id: number;
  readonly store: ReturnType<Store["share"]>;
  readonly query: Float32Array;
  readonly k: number;
  readonly state: SearchState;
}

/** An error is sent as its parts, because postMessage would turn an AddonError into an Error without `code`. */
export type SearchReply = { readonly id: number } & (
  | { readonly hits: Hit[] }
  | { readonly error: Pick<AddonError, "code" | "message"> }
);

/**
 * The worker of this thread, and the searches that wait for its reply. They are kept when `bun --hot` reloads the modules.
 * Without that, each reload would start another worker.
 */
const client = keepOverReloads(packageId, () => ({
  worker: undefined as Worker | undefined,
  lastId: 0,
  pending: new Map<number, (reply: SearchReply) => void>(),
}));

export type WorkerSearch = ReturnType<typeof createSearch>;

export function createSearch(store: Store, query: Float32Array, k: number) {
  const hits = Promise.withResolvers<Hit[]>();
  const ended = Promise.withResolvers<void>();
  const state = createSearchState();
  return {
    hits: hits.promise,
    /** Resolves when the worker no longer reads the store. */
    ended: ended.promise,
    /** Sends the search to the worker, unless it was cancelled. An error rejects `hits`. */
    start(): void {
      if (isCancelled(state)) return;
      try {
        client.worker ??= startWorker();
        client.lastId += 1;
        const id = client.lastId;
        const request = { id, store: store.share(), query, k, state };
        client.worker.postMessage(request satisfies SearchRequest);
        client.worker.ref();
        client.pending.set(id, (reply) => {
          ended.resolve();
          if ("hits" in reply) hits.resolve(reply.hits);
          else hits.reject(new AddonError(reply.error.code, reply.error.message));
        });
      } catch (error) {
        ended.resolve();
        hits.reject(error);
      }
    },
    /** Rejects `hits` immediately. The worker skips the search, or stops soon if it has started. */
    cancel(reason: unknown): void {
      // A search that has started ends with its reply.
      if (cancelSearch(state)) ended.resolve();
      hits.reject(reason);
    },
  };
}

/** The system may refuse another thread. @throws {AddonError} `worker_failed` */
function createWorker(): Worker {
  try {
    return new Worker(createWorkerUrl());
  } catch (error) {
    throw workerFailedError(error);
  }
}

function startWorker(): Worker {
  const worker = createWorker();
  let reason = "its thread ended";
  worker.onmessage = ({ data }: MessageEvent<SearchReply>) => settle(data);
  worker.onerror = ({ message }) => {
    reason = message;
    worker.terminate();
  };
  // The thread may read the stores until it has ended.
  worker.addEventListener("close", () => {
    client.worker = undefined;
    for (const id of client.pending.keys()) settle({ id, error: workerFailedError(reason) });
  });
  return worker;
}

/** An idle worker does not keep the process alive. */
function settle(reply: SearchReply): void {
  client.pending.get(reply.id)?.(reply);
  client.pending.delete(reply.id);
  if (client.pending.size === 0) client.worker?.unref();
}
