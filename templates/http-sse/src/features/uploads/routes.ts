// POST /api/uploads stores a file; GET /api/uploads/:id returns it or a range of it.
import { type Context, Hono } from "hono";
import { etag } from "hono/etag";
import { z } from "zod";
import { Problem, readBody, validate } from "#lib/http";
import { type AppEnv, access } from "../../access.ts";
import type { Env } from "../../env.ts";
import { boundaryOf, MAX_OVERHEAD, readFilePart } from "./multipart.ts";
import { attachment } from "./name.ts";
import { parseRange } from "./range.ts";
import { type Upload, type UploadStore, uploadTooLarge } from "./store.ts";

const uploadQuery = z.object({
  name: z.string().optional().meta({ description: "Name of the file, with a raw body." }),
});

/** The topic whose access a client needs for uploads. */
const TOPIC = "uploads";

export function uploadRoutes(env: Env, uploads: UploadStore) {
  return new Hono<AppEnv>()
    .post("/api/uploads", access("publish"), validate("query", uploadQuery), async (c) => {
      c.get("grant").requirePublish(TOPIC);
      // The runtime does not count small chunks as traffic: it would close a connection that sends less than 16 KiB/s.
      const onChunk = () => c.env.server.timeout(c.req.raw, env.KEEP_ALIVE_TIMEOUT_S);
      const upload = await receive(c.req.raw, c.req.valid("query").name, uploads, onChunk);
      return c.json(upload, 201, { location: `/api/uploads/${upload.id}` });
    })
    .get("/api/uploads/:id", access("subscribe"), etag(), async (c) => {
      c.get("grant").requireSubscribe([TOPIC]);
      const upload = await uploads.get(c.req.param("id"));
      if (!upload) throw new Problem(404, "There is no such upload.");
      return download(c, upload, await uploads.content(upload));
    });
}

async function receive(
  request: Request,
  name: string | undefined,
  uploads: UploadStore,
  onChunk: () => void,
): Promise<Upload> {
  if (request.headers.has("content-range")) {
    throw new Problem(400, "Send the complete file, without a Content-Range.");
  }
  const boundary = boundaryOf(request.headers.get("content-type"));
  const length = Number(request.headers.get("content-length") ?? 0);
  const overhead = boundary === undefined ? 0 : MAX_OVERHEAD;
  if (length > uploads.maxBytes + overhead) throw uploadTooLarge(uploads.maxBytes);
  const body = completeBody(request, onChunk);
  if (boundary === "") throw new Problem(400, "The multipart content type has no boundary.");
  if (boundary !== undefined) {
    return readFilePart(body, boundary, (part) => uploads.save(part.name, part.content));
  }
  if (name !== undefined) return uploads.save(name, body);
  throw new Problem(415, "Send multipart/form-data, or the bytes with the file's name in ?name=.");
}

/**
 * The body's chunks. Each one is invalid once the next is requested.
 * @throws {Problem} 400 if the client closes the connection before the end.
 */
async function* completeBody(request: Request, onChunk: () => void): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of readBody(request)) {
    size += chunk.byteLength;
    onChunk();
    yield chunk;
    // Frees the chunk now: until the next garbage collection, the chunks of a large upload would accumulate.
    // A chunk that is a part of a larger buffer is not freed, because the buffer may also hold the next chunk.
    if (chunk.byteLength === chunk.buffer.byteLength) chunk.buffer.transfer(0);
  }
  const announced = request.headers.get("content-length");
  if (request.signal.aborted || (announced !== null && size !== Number(announced))) {
    throw new Problem(400, "The body ended early.");
  }
}

/** The file or the requested range of it (RFC 9110, section 14), always as a download. */
function download(c: Context, upload: Upload, file: Blob): Response {
  const tag = `"${upload.sha256}"`;
  // A range applies to GET only. If the request has If-Range, the range applies only if that header is equal to our ETag.
  // A weak ETag is never equal to it.
  const ifRange = c.req.header("if-range")?.trim() ?? tag;
  const isPartial = c.req.method === "GET" && ifRange === tag;
  const range = isPartial ? parseRange(c.req.header("range"), upload.size) : undefined;
  if (range === "unsatisfiable") {
    throw new Problem(416, `The upload has ${upload.size} bytes.`, {
      headers: { "content-range": `bytes */${upload.size}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: upload.size - 1 };
  // For an empty slice of a file, the runtime itself would respond to any `Range` with a 416.
  const body = upload.size === 0 ? null : file.slice(start, end + 1);
  return new Response(body, {
    status: range ? 206 : 200,
    headers: {
      etag: tag,
      "accept-ranges": "bytes",
      "cache-control": "private, max-age=31536000, immutable",
      // A proxy that buffers a large file reads nothing more while its buffer is full: nginx stops after 1 GiB, and the idle
      // timeout would close the connection before a slow client has received that.
      "x-accel-buffering": "no",
      // Hono drops the body of a response to HEAD, and its length with it.
      "content-length": `${end - start + 1}`,
      ...(range ? { "content-range": `bytes ${start}-${end}/${upload.size}` } : {}),
      "content-type": upload.type === "text/plain" ? "text/plain; charset=utf-8" : upload.type,
      "content-disposition": attachment(upload.name),
      "content-security-policy": "sandbox; default-src 'none'",
    },
  });
}
