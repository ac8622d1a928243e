// The thread behind `searchInWorker`: searches memory that the main thread owns.
import { AddonError, cancelledError, workerFailedError } from "../errors.ts";
import type { SearchReply, SearchRequest } from "./client.ts";
import { searchShared, startSearch } from "./share.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<SearchRequest>) => {
  const { id } = data;
  let reply: SearchReply;
  try {
    // Its caller has been rejected already; the reply says only that the search has ended.
    if (!startSearch(data.state)) throw cancelledError();
    reply = { id, hits: searchShared(data) };
  } catch (error) {
    const { code, message } = error instanceof AddonError ? error : workerFailedError(error);
    reply = { id, error: { code, message } };
  }
  self.postMessage(reply);
};
