// The thread behind `searchInWorker`: searches memory that the main thread owns.
import { AddonError, cancelledError, workerFailedError } from "../errors.ts";
import type { SearchReply, SearchRequest } from "./client.ts";
import { attachStore, startSearch } from "./share.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<SearchRequest>) => {
  const { id, store, query, k, state } = data;
  let reply: SearchReply;
  try {
    if (!startSearch(state)) throw cancelledError();
    reply = { id, hits: attachStore(store).search(query, k, { cancel: state }) };
  } catch (error) {
    const { code, message } = error instanceof AddonError ? error : workerFailedError(error);
    reply = { id, error: { code, message } };
  }
  self.postMessage(reply);
};
