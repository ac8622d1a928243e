// GET /api/articles/export: every article as a line of JSON, read row by row as fast as the client takes them.
import { log } from "#lib/log";
import { Gate } from "../gate.ts";
import type { Article } from "../store/store.ts";
import type { Handler, Routes, Services } from "./group.ts";

/** Each export keeps its snapshot of the database alive until it ends. */
const LIMITS = { concurrency: 8, queue: 0 };

export function exporting({ env, store }: Services): Routes {
  const gate = new Gate("exports", LIMITS);
  const encoder = new TextEncoder();

  const handle: Handler = async (request) => {
    const headers = {
      "content-type": "application/x-ndjson",
      "content-disposition": 'attachment; filename="articles.ndjson"',
    };
    if (request.method === "HEAD") return new Response(null, { headers });
    const leave = await gate.enter();
    const batches = store.exportArticles();
    // Read before the answer begins: a database that is down can still be told by a 503.
    let batch = await batches.next().catch((error: unknown) => {
      leave();
      throw error;
    });
    let deadline: Timer | undefined;
    /** Also when the database is gone, which can't be told to the client: its answer has begun. */
    const end = async () => {
      clearTimeout(deadline);
      await batches.return().catch(failed);
      leave();
    };
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        deadline = setTimeout(() => {
          controller.error(failed(new Error("It took too long.")));
          void end();
        }, env.MAX_TRANSFER_SECONDS * 1000);
      },
      async pull(controller) {
        try {
          if (!batch.done) {
            controller.enqueue(encoder.encode(lines(batch.value)));
            batch = await batches.next();
            return;
          }
          controller.close();
        } catch (error) {
          controller.error(failed(error));
        }
        await end();
      },
      cancel: end,
    });
    return new Response(body, { headers });
  };

  return { "/api/articles/export": { GET: handle } };
}

function failed(error: unknown): unknown {
  log.error("An export failed: {error}", { error });
  return error;
}

function lines(articles: readonly Article[]): string {
  return articles.map((article) => `${JSON.stringify(article)}\n`).join("");
}
