// Runs in a worker thread: analyses the file whose path it receives.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Analysis, type Result } from "./analysis.ts";
import type { Reply } from "./pool.ts";

declare const self: Worker;

const CHUNK_BYTES = 256 * 1024;
/** Milliseconds between two reports of the progress. */
const REPORT_MS = 50;

self.onmessage = ({ data: path }: MessageEvent<string>) => {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const buffer = new Uint8Array(CHUNK_BYTES);
    const analysis = new Analysis();
    let reportedAt = performance.now();
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      analysis.update(buffer.subarray(0, length));
      if (performance.now() - reportedAt < REPORT_MS) continue;
      reportedAt = performance.now();
      self.postMessage({ progress: Math.min(1, analysis.bytes / size) } satisfies Reply<Result>);
    }
    self.postMessage({ result: analysis.result() } satisfies Reply<Result>);
  } finally {
    closeSync(file);
  }
};
