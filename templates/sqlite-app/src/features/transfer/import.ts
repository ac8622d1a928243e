// Runs an import on SQLite in a worker thread, so that neither requests nor other writers wait while it reads.
import type { SqliteDatabase } from "../../store/sqlite.ts";
import type { ImportReport } from "./import-reader.ts";

/** A message to the worker, which replies to each with one `Reply`. */
export type Command =
  | { readonly type: "open"; readonly path: string }
  | { readonly type: "chunk"; readonly bytes: Uint8Array }
  | { readonly type: "finish-staging" }
  | { readonly type: "lock" }
  | { readonly type: "commit"; readonly author: number; readonly now: string }
  | { readonly type: "checkpoint" };

/** The state of the import after the message. */
export type Reply = ImportReport | { readonly error: string; readonly code: string | undefined };

/**
 * Validates the lines and stages them in a temporary table, which locks nothing. Then inserts all of them in one
 * transaction, while other writers of this process wait in their queue instead of failing with SQLITE_BUSY.
 */
export async function importInWorker(
  script: string,
  database: SqliteDatabase,
  author: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<ImportReport> {
  const worker = new Worker(script);
  let failure: Error | undefined;
  /** The reply to the current message; there is never more than one outstanding. */
  let pending: PromiseWithResolvers<Reply> | undefined;
  const fail = (reason: string) => {
    failure ??= new Error(`The import failed: ${reason}`);
    pending?.reject(failure);
  };
  worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => pending?.resolve(data));
  worker.addEventListener("error", ({ message: reason }) => fail(reason));
  // A worker may exit without an error. It would never reply, and the import would hold its slot forever.
  worker.addEventListener("close", () => fail("its worker exited."));
  const sendAndAwait = async (message: Command): Promise<ImportReport> => {
    if (failure) throw failure;
    pending = Promise.withResolvers<Reply>();
    worker.postMessage(message);
    const reply = await pending.promise;
    if (!("error" in reply)) return reply;
    throw Object.assign(new Error(`The import failed: ${reply.error}`), { code: reply.code });
  };
  /** The caller may await the reply later, or not at all. */
  const send = (message: Command): Promise<ImportReport> => {
    const reply = sendAndAwait(message);
    reply.catch(() => undefined);
    return reply;
  };
  let lastReply = send({ type: "open", path: database.path });
  try {
    for await (const bytes of chunks) {
      // Awaited here and not below, so that the next chunk is received while the worker stages this one.
      await lastReply;
      lastReply = send({ type: "chunk", bytes });
    }
    await lastReply;
    const staged = await send({ type: "finish-staging" });
    if (staged.badLines > 0) return staged;
    const commit = async (onLocked: () => void) => {
      await send({ type: "lock" });
      onLocked();
      return await send({ type: "commit", author, now: new Date().toISOString() });
    };
    const report = await database.runExclusive(commit);
    // The response need not wait for it: the commit is on the disk, in the WAL.
    lastReply = send({ type: "checkpoint" });
    return report;
  } finally {
    const end = () => worker.terminate();
    lastReply.then(end, end);
  }
}
