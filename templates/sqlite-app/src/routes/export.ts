// GET /api/articles/export: every article as a line of JSON, read row by row as fast as the client takes them.
import { Gate } from "../gate.ts";
import type { Article } from "../store/store.ts";
import type { Handler, Routes, Services } from "./group.ts";

/** Each export keeps its snapshot of the database alive until it ends. */
const LIMITS = { concurrency: 8, queue: 0 };

export function exporting({ store }: Services): Routes {
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
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const { done, value } = await batches.next();
          if (!done) return controller.enqueue(encoder.encode(lines(value)));
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        leave();
      },
      async cancel() {
        await batches.return();
        leave();
      },
    });
    return new Response(body, { headers });
  };

  return { "/api/articles/export": { GET: handle } };
}

function lines(articles: readonly Article[]): string {
  return articles.map((article) => `${JSON.stringify(article)}\n`).join("");
}
