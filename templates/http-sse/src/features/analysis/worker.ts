// Runs in a worker thread: analyses the chunks that the pool sends, and returns each buffer.
import { Analysis, type Result } from "./analysis.ts";
import type { ToWorker } from "./pool.ts";

declare const self: Worker;

let analysis = new Analysis();

self.onmessage = ({ data: message }: MessageEvent<ToWorker>) => {
  switch (message.type) {
    case "start":
      analysis = new Analysis();
      return;
    case "chunk":
      analysis.update(new Uint8Array(message.buffer, 0, message.length));
      self.postMessage({ type: "buffer", buffer: message.buffer }, [message.buffer]);
      return;
    case "end":
      self.postMessage({ type: "result", result: analysis.result() satisfies Result });
  }
};
