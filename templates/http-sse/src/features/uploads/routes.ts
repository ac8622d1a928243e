// POST /api/uploads, GET /api/uploads/:id: store a file, send it or a part of it back.
import { type Context, Hono } from "hono";
import { etag } from "hono/etag";
import { z } from "zod";
import { Problem, readBody, validate } from "#lib/http";
import { boundaryOf, readFilePart } from "./multipart.ts";
import { attachment } from "./name.ts";
import { parseRange, rangeApplies } from "./range.ts";
import { StorageFull, type Upload, type UploadStore, UploadTooLarge } from "./store.ts";

export const uploadQuery = z.object({
  name: z.string().optional().meta({ description: "Name of the file, with a raw body." }),
});

/** Bytes that a multipart body may have in addition to its file. */
const FORM_OVERHEAD = 64 * 1024;

export function uploadRoutes(uploads: UploadStore) {
  return new Hono()
    .post("/api/uploads", validate("query", uploadQuery), async (c) => {
      try {
        const upload = await receive(c.req.raw, c.req.valid("query").name, uploads);
        return c.json(upload, 201, { location: `/api/uploads/${upload.id}` });
      } catch (cause) {
        if (cause instanceof UploadTooLarge) throw new Problem(413, cause.message, { cause });
        if (cause instanceof StorageFull) throw new Problem(507, cause.message, { cause });
        throw cause;
      }
    })
    .get("/api/uploads/:id", etag(), async (c) => {
      const upload = await uploads.get(c.req.param("id"));
      if (!upload) throw new Problem(404, "There is no such upload.");
      return download(c, upload, Bun.file(uploads.path(upload)));
    });
}

async function receive(
  request: Request,
  name: string | undefined,
  uploads: UploadStore,
): Promise<Upload> {
  const boundary = boundaryOf(request.headers.get("content-type"));
  const length = Number(request.headers.get("content-length") ?? 0);
  const overhead = boundary === undefined ? 0 : FORM_OVERHEAD;
  if (length > uploads.maxBytes + overhead) throw new UploadTooLarge(uploads.maxBytes);
  if (request.headers.has("content-encoding")) {
    throw new Problem(415, "Send the file without a Content-Encoding.", {
      headers: { "accept-encoding": "identity" },
    });
  }
  const body = completeBody(request);
  if (boundary === "") throw new Problem(400, "The multipart content type has no boundary.");
  if (boundary !== undefined) {
    return readFilePart(body, boundary, "file", (part) => uploads.save(part.name, part.content));
  }
  if (name !== undefined) return uploads.save(name, body);
  throw new Problem(415, "Send multipart/form-data, or the bytes with the file's name in ?name=.");
}

/**
 * The body's chunks. Each one is invalid once the next is requested.
 * @throws {Problem} 400 if the client closes the connection before the end.
 */
async function* completeBody(request: Request): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of readBody(request)) {
    size += chunk.byteLength;
    yield chunk;
    // Frees the memory now: until the next garbage collection, a large upload would accumulate. A
    // chunk that is only a part of its buffer is left alone: the remainder may be the next chunk.
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
  // Ranges apply to GET only: HEAD describes the complete file.
  const isPartial = c.req.method === "GET" && rangeApplies(c.req.header("if-range"), tag);
  const range = isPartial ? parseRange(c.req.header("range"), upload.size) : undefined;
  if (range === "unsatisfiable") {
    throw new Problem(416, `The upload has ${upload.size} bytes.`, {
      headers: { "content-range": `bytes */${upload.size}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: upload.size - 1 };
  // For an empty slice of a file, the runtime would respond to any `Range` with a 416 of its own.
  const body = upload.size === 0 ? null : file.slice(start, end + 1);
  return new Response(body, {
    status: range ? 206 : 200,
    headers: {
      etag: tag,
      "accept-ranges": "bytes",
      "cache-control": "private, max-age=31536000, immutable",
      // Hono drops the body of a response to HEAD, and its length with it.
      "content-length": `${end - start + 1}`,
      ...(range ? { "content-range": `bytes ${start}-${end}/${upload.size}` } : {}),
      "content-type": upload.type === "text/plain" ? "text/plain; charset=utf-8" : upload.type,
      "content-disposition": attachment(upload.name),
      "content-security-policy": "sandbox; default-src 'none'",
    },
  });
}
