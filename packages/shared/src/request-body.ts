// Reads request bodies in chunks, and what a handler left unread, so that an early response reaches the client.
import type { MiddlewareHandler } from "hono";

/** Bytes of unread body to discard before the connection is closed. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;
/** Milliseconds for discarding: a client that sends slowly must not delay its response without a limit. */
const MAX_DISCARD_MS = 30_000;

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** Readers of bodies that `readBody` has begun to read. */
const readers = new WeakMap<Request, Reader>();

/**
 * The chunks of a request's body. Leaving the loop early does not cancel the body, as a loop over
 * `request.body` would: `discardUnreadBody` still has to read the remainder.
 */
export async function* readBody(request: Request): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = readerOf(request);
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) return;
    yield chunk.value;
  }
}

function readerOf(request: Request): Reader | undefined {
  const known = readers.get(request);
  if (known || request.bodyUsed || !request.body) return known;
  const reader = request.body.getReader() as Reader;
  readers.set(request, reader);
  return reader;
}

/**
 * Middleware: reads what the handler left of the request's body, up to 64 MiB, before it responds;
 * after a longer body it closes the connection. Without it, an early 401, 404 or 413 is lost: the
 * connection is closed while the client still sends, and a proxy reports 502.
 */
export function discardUnreadBody(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { method, headers } = c.req.raw;
    if (method === "GET" && !headers.has("content-length") && !headers.has("transfer-encoding")) {
      return;
    }
    // A 408 is for a client that was too slow already.
    const isEmpty = c.res.status !== 408 && (await discard(readerOf(c.req.raw)));
    if (!isEmpty) c.res.headers.set("connection", "close");
  };
}

/** @returns whether the body ended within the limit. */
async function discard(reader: Reader | undefined): Promise<boolean> {
  const deadline = performance.now() + MAX_DISCARD_MS;
  let size = 0;
  try {
    while (reader && size <= MAX_DISCARDED_BYTES && performance.now() < deadline) {
      const { done, value } = await reader.read();
      if (done) return true;
      size += value.byteLength;
    }
    return reader === undefined;
  } catch {
    // The client has closed the connection, so nothing is left to read.
    return false;
  }
}
