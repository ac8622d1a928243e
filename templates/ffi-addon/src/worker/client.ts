// Searches on another thread. The first search of each thread that imports the library starts one worker, which runs all its
// searches one after the other.
import { createWorkerUrl, id as libraryId } from "../artifacts.ts";
import type { Hit, Store } from "../engine.ts";
import { AddonError, workerFailedError } from "../errors.ts";
import { claim } from "./share.ts";

export interface SearchRequest {
  readonly id: number;
  readonly store: ReturnType<Store["share"]>;
  readonly query: Float32Array;
  readonly k: number;
  readonly cancel: Int32Array<SharedArrayBuffer>;
  /** For `claim`. */
  readonly claimed: Int32Array<SharedArrayBuffer>;
}

/** An error is sent as its parts, because postMessage would turn an AddonError into an Error without `code`. */
export type SearchReply = { readonly id: number } & (
  | { readonly hits: Hit[] }
  | { readonly error: Pick<AddonError, "code" | "message"> }
);

export interface WorkerSearch {
  readonly hits: Promise<Hit[]>;
  /** Resolves when the worker no longer reads the store. */
  readonly ended: Promise<void>;
  /** Rejects immediately. The worker skips the search if it has not started it, and otherwise stops soon after. */
  cancel(reason: unknown): void;
}

/** The worker of this thread, and the searches that wait for its reply. */
interface State {
  worker: Worker | undefined;
  lastId: number;
  readonly pending: Map<number, (reply: SearchReply) => void>;
}

const state = keepState();

/** Keeps the state on globalThis: `bun --hot` evaluates this module again, which would start another worker each time. */
function keepState(): State {
  const kept = globalThis as unknown as Record<symbol, State | undefined>;
  const key = Symbol.for(libraryId);
  const state = kept[key] ?? { worker: undefined, lastId: 0, pending: new Map() };
  kept[key] = state;
  return state;
}

export function searchInWorker(store: Store, query: Float32Array, k: number): WorkerSearch {
  const hits = Promise.withResolvers<Hit[]>();
  const ended = Promise.withResolvers<void>();
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const claimed = new Int32Array(new SharedArrayBuffer(4));
  state.worker ??= startWorker();
  state.lastId += 1;
  const id = state.lastId;
  const request = { id, store: store.share(), query, k, cancel, claimed };
  state.worker.postMessage(request satisfies SearchRequest);
  state.worker.ref();
  state.pending.set(id, (reply) => {
    if ("hits" in reply) hits.resolve(reply.hits);
    else hits.reject(new AddonError(reply.error.code, reply.error.message));
    ended.resolve();
  });
  return {
    hits: hits.promise,
    ended: ended.promise,
    cancel(reason) {
      Atomics.store(cancel, 0, 1);
      hits.reject(reason);
      if (claim(claimed)) ended.resolve();
    },
  };
}

function startWorker(): Worker {
  const started = new Worker(createWorkerUrl());
  const fail = (reason: string): void => {
    if (state.worker !== started) return; // it has failed already, and another one may have been started
    state.worker = undefined;
    for (const id of state.pending.keys()) settle({ id, error: workerFailedError(reason) });
  };
  started.onmessage = ({ data }: MessageEvent<SearchReply>) => settle(data);
  started.onerror = ({ message }) => fail(message);
  started.addEventListener("close", () => fail("its thread ended"));
  return started;
}

/** An idle worker does not keep the process alive. */
function settle(reply: SearchReply): void {
  state.pending.get(reply.id)?.(reply);
  state.pending.delete(reply.id);
  if (state.pending.size === 0) state.worker?.unref();
}
