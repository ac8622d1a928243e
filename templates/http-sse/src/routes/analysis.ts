// POST /api/uploads/:id/analysis: analyses an upload in a worker; streams the progress and the result.
import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { log } from "#lib/log";
import { Problem } from "#lib/problem";
import type { Result } from "../analysis/analysis.ts";
import { Pool, PoolFull, WorkerFailed } from "../analysis/pool.ts";
import { formatEvent, HEARTBEAT, streamHeaders } from "../events/format.ts";
import type { Group, Handler, Services } from "../group.ts";
import type { Upload } from "../uploads/store.ts";

const ResultSchema = z.object({
  bytes: z.int(),
  lines: z.int(),
  words: z.int(),
  sha256: z.string(),
}) satisfies z.ZodType<Result>;

const encoder = new TextEncoder();

export function analysis({ env, root, uploads }: Services): Group {
  const pool = new Pool<Result>({
    // Without an extension: it is worker.ts here, and worker.js in the bundle.
    worker: `${root}/analysis/worker`,
    size: env.ANALYSIS_WORKERS,
    queue: env.ANALYSIS_QUEUE,
    timeoutMs: env.ANALYSIS_TIMEOUT_MS,
  });

  const post: Handler = async (request) => {
    const upload = await uploads.get(request.params.id ?? "");
    if (!upload) throw new Problem(404, "There is no such upload.");
    try {
      return new Response(analyse(upload), { headers: streamHeaders });
    } catch (error) {
      if (!(error instanceof PoolFull)) throw error;
      throw new Problem(503, error.message, { cause: error });
    }
  };

  /** The events of one analysis. Whoever stops reading them stops the analysis. @throws {PoolFull} */
  function analyse(upload: Upload): ReadableStream<Uint8Array> {
    const left = new AbortController();
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(given) {
        controller = given;
      },
      cancel: () => left.abort(new DOMException("The client left.", "AbortError")),
    });
    const write = (text: string) => {
      if (!left.signal.aborted) controller.enqueue(encoder.encode(text));
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
    let file: FileHandle | undefined;
    const read = async (buffer: Uint8Array) => {
      file ??= await open(uploads.path(upload));
      return (await file.read(buffer)).bytesRead;
    };
    const running = pool.run(read, { signal: left.signal, onProgress });
    onProgress(0);
    // A long wait in the queue must not look like a dead connection.
    const heartbeat = setInterval(() => write(HEARTBEAT), env.HEARTBEAT_MS);

    const finish = async () => {
      try {
        send("result", await running);
      } catch (error) {
        if (left.signal.aborted) return;
        log.error("An analysis failed: {error}", { error });
        const known = error instanceof WorkerFailed;
        send("error", { detail: known ? error.message : "The upload cannot be analysed." });
      } finally {
        clearInterval(heartbeat);
        await file?.close();
        if (!left.signal.aborted) controller.close();
      }
    };
    void finish();
    return body;
  }

  return {
    routes: {
      "/api/uploads/:id/analysis": {
        POST: {
          handle: post,
          operation: {
            summary: "Analyse an upload; stops when the client leaves",
            responses: {
              200: {
                description: "`progress` events, then one `result`, or one `error`.",
                content: { "text/event-stream": ResultSchema },
              },
            },
          },
        },
      },
    },
    close: () => pool.close(),
  };
}
