// POST /api/uploads/:id/analysis: analyses an upload in a worker; streams the progress and the result.
import { type FileHandle, open } from "node:fs/promises";
import { Hono } from "hono";
import { z } from "zod";
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import type { Service } from "#lib/service";
import type { Env } from "../../env.ts";
import { formatEvent, HEARTBEAT, streamHeaders } from "../events/format.ts";
import type { Upload, UploadStore } from "../uploads/store.ts";
import type { Result } from "./analysis.ts";
import { Pool, PoolFull, WorkerFailed } from "./pool.ts";

export const analysisResult = z.object({
  bytes: z.int(),
  lines: z.int(),
  words: z.int(),
  sha256: z.string(),
}) satisfies z.ZodType<Result>;

const encoder = new TextEncoder();

/** @param worker path of the worker's module, without an extension: worker.ts, or worker.js in the bundle. */
export function analysisRoutes(env: Env, uploads: UploadStore, service: Service, worker: string) {
  const pool = service.use(
    new Pool<Result>({
      worker,
      size: env.ANALYSIS_WORKERS,
      queue: env.ANALYSIS_QUEUE,
      timeoutMs: env.ANALYSIS_TIMEOUT_MS,
    }),
  );

  return new Hono().post("/api/uploads/:id/analysis", async (c) => {
    const upload = await uploads.get(c.req.param("id"));
    if (!upload) throw new Problem(404, "There is no such upload.");
    try {
      return new Response(analyse(upload), { headers: streamHeaders });
    } catch (cause) {
      if (!(cause instanceof PoolFull)) throw cause;
      throw new Problem(503, cause.message, { cause });
    }
  });

  /** The events of one analysis. Cancelling the stream stops the analysis. @throws {PoolFull} */
  function analyse(upload: Upload): ReadableStream<Uint8Array> {
    const client = new AbortController();
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(given) {
        controller = given;
      },
      cancel: () => client.abort(new DOMException("The client disconnected.", "AbortError")),
    });
    const write = (text: string) => {
      if (!client.signal.aborted) controller.enqueue(encoder.encode(text));
    };
    const send = (event: string, data: unknown) =>
      write(formatEvent({ event, data: JSON.stringify(data) }));

    const { size } = upload;
    let percent = -1;
    const onProgress = (bytes: number) => {
      const now = Math.floor((100 * bytes) / Math.max(1, size));
      if (now > percent) send("progress", { bytes, total: size });
      percent = now;
    };
    let opening: Promise<FileHandle> | undefined;
    const read = async (buffer: Uint8Array) => {
      opening ??= open(uploads.path(upload));
      return (await (await opening).read(buffer)).bytesRead;
    };
    const running = pool.run(read, { signal: client.signal, onProgress });
    onProgress(0);
    // While the analysis is queued, heartbeats keep the connection open.
    const heartbeat = setInterval(() => write(HEARTBEAT), env.HEARTBEAT_MS);

    const finish = async () => {
      try {
        send("result", await running);
      } catch (error) {
        if (client.signal.aborted) return;
        log.error("an analysis failed: {error}", { error });
        const isKnown = error instanceof WorkerFailed;
        send("error", { detail: isKnown ? error.message : "The upload cannot be analysed." });
      } finally {
        clearInterval(heartbeat);
        if (!client.signal.aborted) controller.close();
        // The analysis may have ended while the file was being opened; if that failed, nothing is open.
        const file = await opening?.catch(() => undefined);
        await file?.close();
      }
    };
    void finish();
    return body;
  }
}
