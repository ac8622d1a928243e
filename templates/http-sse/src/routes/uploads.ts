// POST /api/uploads, GET /api/uploads/:id: store a file, give it or a part of it back.
import { z } from "zod";
import { Problem } from "#lib/problem";
import type { Group, Handler, Services } from "../group.ts";
import { boundaryOf, readFilePart } from "../uploads/multipart.ts";
import { attachment } from "../uploads/name.ts";
import { hasVersion, parseRange, rangeApplies } from "../uploads/range.ts";
import { StorageFull, Upload, UploadTooLarge } from "../uploads/store.ts";

const UploadQuery = z.object({
  name: z.string().optional().meta({ description: "Name of the file, with a raw body." }),
});

const RangeHeaders = z.object({
  range: z.string().optional(),
  "if-range": z.string().optional(),
  "if-none-match": z.string().optional(),
});

/** Bytes that a multipart body may have over its file. */
const FORM_OVERHEAD = 64 * 1024;

export function uploads({ uploads: store }: Services): Group {
  const post: Handler = async (request) => {
    const boundary = boundaryOf(request.headers.get("content-type"));
    const name = new URL(request.url).searchParams.get("name");
    const length = Number(request.headers.get("content-length") ?? 0);
    try {
      if (length > store.maxBytes + (boundary === undefined ? 0 : FORM_OVERHEAD)) {
        throw new UploadTooLarge(`An upload has ${store.maxBytes} bytes at the most.`);
      }
      const upload = await receive(request, boundary, name);
      const headers = { location: `/api/uploads/${upload.id}` };
      return Response.json(upload, { status: 201, headers });
    } catch (error) {
      // What is still to come of the body is not wanted.
      const headers = { connection: "close" };
      if (error instanceof UploadTooLarge) throw new Problem(413, error.message, { headers });
      if (error instanceof StorageFull) throw new Problem(507, error.message, { headers });
      throw error;
    }
  };

  function receive(request: Request, boundary: string | undefined, name: string | null) {
    const body = wholeBody(request);
    if (boundary === "") throw new Problem(400, "The multipart content type has no boundary.");
    if (boundary !== undefined) {
      return readFilePart(body, boundary, "file", (part) => store.save(part.name, part.content));
    }
    if (name !== null) return store.save(name, body);
    throw new Problem(
      415,
      "Send multipart/form-data, or the bytes with the file's name in ?name=.",
    );
  }

  const get: Handler = async (request) => {
    const upload = await store.get(request.params.id ?? "");
    if (!upload) throw new Problem(404, "There is no such upload.");
    const etag = `"${upload.sha256}"`;
    const headers = {
      etag,
      "accept-ranges": "bytes",
      "cache-control": "private, max-age=31536000, immutable",
    };
    if (hasVersion(request.headers.get("if-none-match"), etag)) {
      return new Response(null, { status: 304, headers });
    }
    // Ranges are for GET alone (RFC 9110, section 14.2): HEAD tells of the whole file.
    const partial = request.method === "GET" && rangeApplies(request.headers.get("if-range"), etag);
    const range = partial ? parseRange(request.headers.get("range"), upload.size) : undefined;
    if (range === "unsatisfiable") {
      throw new Problem(416, `The upload has ${upload.size} bytes.`, {
        headers: { "content-range": `bytes */${upload.size}` },
      });
    }
    const { start, end } = range ?? { start: 0, end: upload.size - 1 };
    return new Response(Bun.file(store.path(upload)).slice(start, end + 1), {
      status: range ? 206 : 200,
      headers: {
        ...headers,
        ...(range ? { "content-range": `bytes ${start}-${end}/${upload.size}` } : {}),
        "content-type": upload.type === "text/plain" ? "text/plain; charset=utf-8" : upload.type,
        "content-disposition": attachment(upload.name),
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
      },
    });
  };

  const stored = { description: "It is stored.", content: { "application/json": Upload } };
  const bytes = { "application/octet-stream": "binary" } as const;
  return {
    routes: {
      "/api/uploads": {
        POST: {
          handle: post,
          operation: {
            summary: "Store a file: the field `file` of a form, or a raw body with ?name=",
            query: UploadQuery,
            body: { "multipart/form-data": z.object({ file: z.file() }), ...bytes },
            responses: { 201: stored, 507: { description: "The disk is full." } },
          },
        },
      },
      "/api/uploads/:id": {
        GET: {
          handle: get,
          operation: {
            summary: "Read a file, or a part of it",
            headers: RangeHeaders,
            responses: {
              200: { description: "The file.", content: bytes },
              206: { description: "The part.", content: bytes },
              304: { description: "The client has it." },
              416: { description: "There is no such part." },
            },
          },
        },
      },
    },
  };
}

/**
 * The body's chunks; each is gone when the next one is asked for. Ends with an error, and not as if
 * all were there, when the client goes midway.
 */
async function* wholeBody(request: Request): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    yield chunk;
    // Its memory is given back now: until the collector came by, a large upload would pile it up.
    // Unless it is only a part of its buffer, whose rest may be a chunk that is still to come.
    if (chunk.byteLength === chunk.buffer.byteLength) chunk.buffer.transfer(0);
  }
  const announced = request.headers.get("content-length");
  if (request.signal.aborted || (announced !== null && size !== Number(announced))) {
    throw new Problem(400, "The body is cut off.");
  }
}
