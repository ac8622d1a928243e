// Runs an import on SQLite in a worker thread, so that neither requests nor other writers wait while it reads.
import type { ImportReport } from "./import-reader.ts";
import type { Writer } from "./writer.ts";

/** A message to the worker, which replies to each with one `Reply`. */
export type Command =
  | { readonly type: "open"; readonly path: string }
  | { readonly type: "chunk"; readonly bytes: Uint8Array }
  | { readonly type: "end" }
  | { readonly type: "commit"; readonly author: number; readonly now: string };

export type Reply =
  | { readonly type: "done" }
  | { readonly type: "report"; readonly report: ImportReport }
  | { readonly type: "error"; readonly message: string; readonly code: string | undefined };

export interface ImportTarget {
  /** Path of the database. */
  readonly path: string;
  readonly author: number;
  /** Commits the import between the other writes of this process. */
  readonly writer: Writer;
}

/**
 * Validates the lines and stages them in a temporary table, which locks nothing; then moves all of them to the
 * database in one transaction. Other writers of this process wait for that in their queue, without SQLITE_BUSY.
 */
export async function importInWorker(
  script: string,
  { path, author, writer }: ImportTarget,
  chunks: AsyncIterable<Uint8Array>,
): Promise<ImportReport> {
  const worker = new Worker(script);
  const send = (message: Command): Promise<Reply> => {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    worker.onmessage = ({ data }: MessageEvent<Reply>) => resolve(data);
    worker.onerror = ({ message: reason }) => reject(new Error(`The import failed: ${reason}`));
    worker.postMessage(message);
    return promise.then((reply) => {
      if (reply.type !== "error") return reply;
      const { message: reason, code } = reply;
      throw Object.assign(new Error(`The import failed: ${reason}`), { code });
    });
  };
  try {
    await send({ type: "open", path });
    for await (const bytes of chunks) await send({ type: "chunk", bytes });
    const staged = await send({ type: "end" });
    if (staged.type !== "report" || staged.report.badLines > 0) return reportOf(staged);
    const now = new Date().toISOString();
    return reportOf(await writer.runExclusive(() => send({ type: "commit", author, now })));
  } finally {
    worker.terminate();
  }
}

function reportOf(reply: Reply): ImportReport {
  if (reply.type === "report") return reply.report;
  throw new Error(`The import worker replied "${reply.type}" instead of a report.`);
}
