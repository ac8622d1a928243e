// Reads request bodies in chunks, and discards what a handler left unread, so that an early response reaches the client.
import { within } from "./within.ts";

/** Bytes of unread body to discard before the connection is closed. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;
/** Milliseconds after which discarding stops, because a client that sends slowly must not delay its response forever. */
const MAX_DISCARD_MS = 30_000;
/** Milliseconds that a client which still sends has to read an early response. */
const LINGER_MS = 1000;

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** Readers of bodies that `readBody` has begun to read. */
const readers = new WeakMap<Request, Reader>();

/**
 * The chunks of a request's body. A loop over `request.body` that is left early cancels the body. Over these chunks, it does
 * not, so `discardUnreadBody` can still read the remainder.
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
  if (known) return known;
  if (request.bodyUsed || !request.body) return undefined;
  const reader = request.body.getReader() as Reader;
  readers.set(request, reader);
  return reader;
}

/**
 * Reads what a handler left of the request's body, up to 64 MiB and for up to 30 s. Without it, an early 401, 404 or 413
 * is lost: the runtime closes the connection while the client still sends, and a proxy reports 502.
 * @returns whether the body has ended; if not, the response needs `connection: close` and `withLingeringClose`.
 */
export async function discardUnreadBody(request: Request): Promise<boolean> {
  if (!readerOf(request)) return true;
  let size = 0;
  const readRemainder = async () => {
    for await (const chunk of readBody(request)) {
      size += chunk.byteLength;
      if (size > MAX_DISCARDED_BYTES) return;
    }
  };
  try {
    return (await within(MAX_DISCARD_MS, readRemainder())) && size <= MAX_DISCARDED_BYTES;
  } catch {
    // The client has closed the connection, so nothing is left to read.
    return false;
  }
}

/**
 * Lingering close: ends the response `LINGER_MS` late. At the end of the response, the runtime resets the connection of a
 * client that still sends, and what the client has not read by then is lost.
 */
export function withLingeringClose(response: Response): Response {
  const linger = new TransformStream({ flush: () => Bun.sleep(LINGER_MS) });
  return response.body ? new Response(response.body.pipeThrough(linger), response) : response;
}
