// Runs an import on SQLite in a worker of its own, so that neither requests nor other writers wait while it reads.
import type { ImportReport } from "./import-reader.ts";
import type { Writer } from "./writer.ts";

/** What the worker is sent, each answered by one `Reply`. */
export type Ask =
  | { readonly type: "open"; readonly path: string }
  | { readonly type: "chunk"; readonly bytes: Uint8Array }
  | { readonly type: "end" }
  | { readonly type: "commit"; readonly author: number; readonly now: string };

export type Reply =
  | { readonly type: "done" }
  | { readonly type: "report"; readonly report: ImportReport }
  | { readonly type: "error"; readonly message: string; readonly code: string | undefined };

export interface ImportTarget {
  /** The database. */
  readonly path: string;
  readonly author: number;
  /** Whose turn the move to the database takes. */
  readonly writer: Writer;
}

/**
 * The lines are validated and staged in a temporary table, which takes no lock on the database; only then all of them
 * are moved over in one transaction. Writers of this process wait for that one in their queue, without SQLITE_BUSY.
 */
export async function importInWorker(
  script: string,
  { path, author, writer }: ImportTarget,
  chunks: AsyncIterable<Uint8Array>,
): Promise<ImportReport> {
  const worker = new Worker(script);
  const ask = (message: Ask): Promise<Reply> => {
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
    await ask({ type: "open", path });
    for await (const bytes of chunks) await ask({ type: "chunk", bytes });
    const staged = await ask({ type: "end" });
    if (staged.type !== "report" || staged.report.badLines > 0) return reportOf(staged);
    const now = new Date().toISOString();
    return reportOf(await writer.turn(() => ask({ type: "commit", author, now })));
  } finally {
    worker.terminate();
  }
}

function reportOf(reply: Reply): ImportReport {
  if (reply.type === "report") return reply.report;
  throw new Error(`The import's worker answered "${reply.type}".`);
}
