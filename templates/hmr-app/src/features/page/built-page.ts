// The page that `bun run build` made: hashed files cached forever, index.html revalidated, both compressed.
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import { etag } from "hono/etag";
import { type HttpEnv, Problem } from "#lib/http";
import { StartError } from "#lib/service";
import { ENCODINGS, type Encoding, negotiateEncoding } from "./encoding.ts";
import { builtFiles, type Files } from "./files.ts";
import { securityHeaders } from "./policy.ts";
import { parseRange } from "./range.ts";
import type { PageSource } from "./routes.ts";

interface Variant {
  /** In memory. The runtime sends a blob without a copy, and would copy an array for each response. */
  readonly body: Blob;
  readonly headers: Readonly<Record<string, string>>;
}

/** Suffixes of the names under which the build writes the compressed variants of a file. */
const SUFFIXES: Readonly<Record<Encoding, string>> = { br: ".br", gzip: ".gz", identity: "" };

/** Names with a hash of the content. */
const HASHED = /-[0-9a-z]{8}\.\w+$/;

/** Reads the build in `folder` into memory. @throws {StartError} if nothing has been built. */
export async function openBuiltPage(folder: string): Promise<PageSource> {
  const { "index.html": page, ...files } = await builtFiles(folder);
  if (!page) {
    throw new StartError("Nothing has been built.", "Run `bun run build` first, or `bun run dev`.");
  }
  const assets = new Hono<HttpEnv>();
  for (const name of Object.keys(files)) {
    const isVariant = /\.(br|gz)$/.test(name) && Object.hasOwn(files, name.slice(0, -3));
    if (isVariant) continue;
    assets.get(`/${name}`, etag(), serveFile(files, name));
  }
  // Compressed here and not by the build, so that the page and its variants are always from the same build.
  const variants = {
    "index.html": page,
    "index.html.br": brotliCompressSync(page),
    "index.html.gz": gzipSync(page),
  };
  const index = every(securityHeaders(), etag(), serveFile(variants, "index.html"));
  return { index, assets };
}

/** Responds with the variant of a file that the client prefers. @throws {Problem} 406 if it refuses all. */
function serveFile(files: Files, name: string): MiddlewareHandler {
  const variants = new Map<Encoding, Variant>();
  for (const encoding of ENCODINGS) {
    const bytes = files[name + SUFFIXES[encoding]];
    if (!bytes) continue;
    variants.set(encoding, { body: new Blob([bytes]), headers: headersOf(name, encoding, bytes) });
  }
  const available = [...variants.keys()];
  return async (c) => {
    const identity = variants.get("identity");
    const part = identity && respondWithRange(c, identity);
    if (part) return part;
    const encoding = negotiateEncoding(c, available);
    const variant = encoding && variants.get(encoding);
    if (!variant) throw new Problem(406, `The available encodings are ${available.join(", ")}.`);
    return new Response(variant.body, { headers: variant.headers });
  };
}

/** Returns undefined if the request is for the complete file. @throws {Problem} 416 */
function respondWithRange(c: Context, { body, headers }: Variant): Response | undefined {
  const ifRange = c.req.header("if-range");
  const isCurrent = ifRange === undefined || ifRange === headers.etag;
  const range = isCurrent ? parseRange(c.req.header("range"), body.size) : undefined;
  if (!range || c.req.method !== "GET") return undefined;
  if (range === "unsatisfiable") {
    const detail = `The file has ${body.size} bytes.`;
    throw new Problem(416, detail, { headers: { "content-range": `bytes */${body.size}` } });
  }
  const part = body.slice(range.first, range.last + 1);
  return new Response(part, {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(part.size),
      "content-range": `bytes ${range.first}-${range.last}/${body.size}`,
    },
  });
}

function headersOf(name: string, encoding: Encoding, bytes: Uint8Array) {
  const isPage = name.endsWith(".html");
  return {
    "content-type": Bun.file(name).type,
    // The response to HEAD has no body, so the runtime cannot determine the length.
    "content-length": String(bytes.byteLength),
    "cache-control": HASHED.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
    etag: `"${Bun.hash(bytes).toString(36)}"`,
    "accept-ranges": "bytes",
    // On a path of the page, `Accept` decides between the page and a 404: see `isNavigation`.
    vary: isPage ? "accept, accept-encoding" : "accept-encoding",
    ...(encoding === "identity" ? {} : { "content-encoding": encoding }),
  };
}
