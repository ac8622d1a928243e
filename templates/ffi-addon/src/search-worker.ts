// Searches on another thread: one worker for the process, started by the first search.
import type { Hit, Store } from "./engine.ts";

export interface SearchRequest {
  readonly id: number;
  readonly store: ReturnType<Store["share"]>;
  readonly query: Float32Array;
  readonly k: number;
  readonly cancel: Int32Array<SharedArrayBuffer>;
}

export interface SearchReply {
  readonly id: number;
  readonly hits?: Hit[];
  readonly error?: string;
}

export interface WorkerSearch {
  readonly hits: Promise<Hit[]>;
  /** Resolves when the worker has let go of the store. */
  readonly ended: Promise<void>;
  /** Rejects at once, and stops the worker soon after. */
  cancel(reason: unknown): void;
}

const pending = new Map<number, (reply: SearchReply) => void>();
let worker: Worker | undefined;
let lastId = 0;

export function searchInWorker(store: Store, query: Float32Array, k: number): WorkerSearch {
  const hits = Promise.withResolvers<Hit[]>();
  const ended = Promise.withResolvers<void>();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  lastId += 1;
  const id = lastId;

  pending.set(id, (reply) => {
    if (reply.hits) hits.resolve(reply.hits);
    else hits.reject(new Error(reply.error));
    ended.resolve();
  });

  worker ??= startWorker();
  worker.ref();
  const request = { id, store: store.share(), query, k, cancel: flag };
  worker.postMessage(request satisfies SearchRequest);
  return {
    hits: hits.promise,
    ended: ended.promise,
    cancel(reason) {
      Atomics.store(flag, 0, 1);
      hits.reject(reason);
    },
  };
}

function startWorker(): Worker {
  const started = new Worker(new URL("./worker.ts", import.meta.url).href);
  started.onmessage = ({ data }: MessageEvent<SearchReply>) => settle(data);
  started.onerror = ({ message }) => {
    worker = undefined;
    for (const id of pending.keys()) settle({ id, error: `The search worker failed: ${message}` });
  };
  return started;
}

/** An idle worker does not keep the process alive. */
function settle(reply: SearchReply): void {
  pending.get(reply.id)?.(reply);
  pending.delete(reply.id);
  if (pending.size === 0) worker?.unref();
}
