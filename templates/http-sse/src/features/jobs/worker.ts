// Runs in a worker thread: counts the bytes, lines and words of a file as `wc` does, and computes its SHA-256.
import type { Reply } from "./pool.ts";

export type Result = {
  readonly bytes: number;
  /** Line feeds. */
  readonly lines: number;
  /** Runs of bytes that are not ASCII white space. */
  readonly words: number;
  readonly sha256: string;
};

declare const self: Worker;

const LINE_FEED = 0x0a;
/** Milliseconds between two reports of the progress. */
const REPORT_MS = 50;

self.onmessage = async ({ data: path }: MessageEvent<string>) => {
  // A stream, because its file is closed even if the thread is terminated. A descriptor of node:fs would stay open:
  // termination skips `finally`.
  const file = Bun.file(path);
  const hash = new Bun.CryptoHasher("sha256");
  let [bytes, lines, words] = [0, 0, 0];
  let inWord = false;
  let reportedAt = performance.now();
  for await (const chunk of file.stream()) {
    hash.update(chunk);
    bytes += chunk.byteLength;
    for (const byte of chunk) {
      if (byte === LINE_FEED) lines++;
      const isSpace = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
      if (!isSpace && !inWord) words++;
      inWord = !isSpace;
    }
    if (performance.now() - reportedAt < REPORT_MS) continue;
    reportedAt = performance.now();
    self.postMessage({ progress: Math.min(1, bytes / file.size) } satisfies Reply<Result>);
  }
  const sha256 = hash.digest("hex");
  self.postMessage({ result: { bytes, lines, words, sha256 } } satisfies Reply<Result>);
};
