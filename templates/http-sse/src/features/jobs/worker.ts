// Runs in a worker thread: analyses the file whose path it receives.
import { Analysis, type Result } from "./analysis.ts";
import type { Reply } from "./pool.ts";

declare const self: Worker;

/** Milliseconds between two reports of the progress. */
const REPORT_MS = 50;

self.onmessage = async ({ data: path }: MessageEvent<string>) => {
  // A stream, because its file is closed even if the thread is terminated. A descriptor of node:fs would stay open:
  // termination skips `finally`.
  const file = Bun.file(path);
  const analysis = new Analysis();
  let reportedAt = performance.now();
  for await (const chunk of file.stream()) {
    analysis.update(chunk);
    if (performance.now() - reportedAt < REPORT_MS) continue;
    reportedAt = performance.now();
    self.postMessage({ progress: Math.min(1, analysis.bytes / file.size) } satisfies Reply<Result>);
  }
  self.postMessage({ result: analysis.result() } satisfies Reply<Result>);
};
