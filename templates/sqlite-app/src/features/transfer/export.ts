// The body of an export: a stream that reads the next rows only when the client has room for them (backpressure).
import { log } from "#lib/log";
import type { Article } from "../articles/store.ts";

const encoder = new TextEncoder();

/**
 * Articles as lines of JSON. Rejects if the first ones cannot be read, while the status can still be an error.
 * @param timeoutMs milliseconds until the export is stopped: while it runs, it holds a snapshot of the database.
 * @param onEnd is called once when the export ends, whether it was completed, cancelled or failed.
 */
export async function streamExport(
  batches: AsyncGenerator<readonly Article[], void, void>,
  timeoutMs: number,
  onEnd: () => void,
): Promise<ReadableStream<Uint8Array>> {
  let batch = await batches.next().catch((error: unknown) => {
    onEnd();
    throw error;
  });
  let timer: Timer | undefined;
  let hasEnded = false;
  const end = async () => {
    if (hasEnded) return;
    hasEnded = true;
    clearTimeout(timer);
    await batches.return().catch(logFailure);
    onEnd();
  };
  return new ReadableStream({
    start(controller) {
      timer = setTimeout(() => {
        controller.error(logFailure(new Error("The export took too long.")));
        void end();
      }, timeoutMs);
    },
    async pull(controller) {
      try {
        if (!batch.done) {
          controller.enqueue(encoder.encode(toLines(batch.value)));
          batch = await batches.next();
          return;
        }
        controller.close();
      } catch (error) {
        // The status is sent: closing the connection is the only signal left.
        controller.error(logFailure(error));
      }
      await end();
    },
    cancel: end,
  });
}

function logFailure(error: unknown): unknown {
  log.error("An export failed: {error}", { error });
  return error;
}

function toLines(articles: readonly Article[]): string {
  return articles.map((article) => `${JSON.stringify(article)}\n`).join("");
}
