// The thread behind `searchInWorker`: searches memory that the main thread owns.
import { attachNative } from "./native.ts";
import type { SearchReply, SearchRequest } from "./search-worker.ts";
import { attachTypeScript } from "./typescript.ts";

declare const self: Worker;

function search({ store, query, k, cancel }: SearchRequest) {
  const attached = store.kind === "native" ? attachNative(store) : attachTypeScript(store);
  return attached.search(query, k, { cancel });
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
