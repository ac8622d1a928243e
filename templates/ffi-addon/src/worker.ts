// The thread behind `searchInWorker`: opens the same library, and searches memory that the main thread owns.
import { openEngine } from "./backends.ts";
import type { Engine } from "./engine.ts";
import type { SearchReply, SearchRequest } from "./search-worker.ts";

declare const self: Worker;

const engines = new Map<string, Engine>();

function search({ backend, library, store, query, k, cancel }: SearchRequest) {
  const key = library ?? backend;
  const engine = engines.get(key) ?? openEngine(backend, library);
  engines.set(key, engine);
  return engine.attach(store).search(query, k, { cancel });
}

self.onmessage = ({ data }: MessageEvent<SearchRequest>) => {
  let reply: SearchReply;
  try {
    reply = { id: data.id, hits: search(data) };
  } catch (error) {
    reply = { id: data.id, error: String(error) };
  }
  self.postMessage(reply);
};
