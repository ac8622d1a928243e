// The page that `bun run build` made: hashed files cached forever, index.html revalidated, both compressed.
import { existsSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import { etag } from "hono/etag";
import { type HttpEnv, Problem } from "#lib/http";
import { StartError } from "#lib/service";
import { ENCODINGS, type Encoding, negotiateEncoding } from "./encoding.ts";
import { type BuiltFile, builtFiles, inMemory } from "./files.ts";
import { securityHeaders } from "./policy.ts";
import { parseRange } from "./range.ts";
import type { PageSource } from "./routes.ts";

type HeaderFields = Readonly<Record<string, string>>;

/** The same file in several encodings; undefined where it would not be smaller. */
interface Variants extends Readonly<Record<Encoding, BuiltFile | undefined>> {
  readonly identity: BuiltFile;
}

/** Reads the latest build in `folder` into memory. @throws {StartError} if nothing has been built. */
export async function openBuiltPage(folder: string): Promise<PageSource> {
  const { "index.html": page, ...files } = await builtFiles(folder);
  if (!page) {
    throw new StartError("Nothing has been built.", "Run `bun run build` first, or `bun run dev`.");
  }
  const assets = new Map<string, MiddlewareHandler>();
  for (const [name, identity] of Object.entries(files)) {
    const isVariant = /\.(br|gz)$/.test(name) && Object.hasOwn(files, name.slice(0, -3));
    if (isVariant) continue;
    const variants = { identity, br: files[`${name}.br`], gzip: files[`${name}.gz`] };
    assets.set(name, every(etag(), serveFile(name, variants)));
  }
  // One route, because a name such as `:id.png` would be a pattern as the path of a route. It does not match /api, because
  // `notFound` would then respond with 405 instead of 404.
  const routes = new Hono<HttpEnv>().get("/:file{(?!api$)[^/]+}", (c, next) => {
    return assets.get(c.req.param("file"))?.(c, next) ?? next();
  });
  // Compressed here and not by the build, so that the page and its variants are always from the same build.
  const bytes = await page.body.bytes();
  const index = serveFile("index.html", {
    identity: inMemory(bytes),
    br: inMemory(brotliCompressSync(bytes)),
    gzip: inMemory(gzipSync(bytes)),
  });
  return { index: every(securityHeaders(), etag(), index), assets: routes };
}

/** Responds with the variant that the client prefers. */
function serveFile(name: string, variants: Variants): MiddlewareHandler {
  const available = ENCODINGS.filter((encoding) => variants[encoding]);
  return async (c, next) => {
    const { identity } = variants;
    // A later build may have removed the file of an earlier one.
    if (identity.path && !existsSync(identity.path)) return next();
    const part = respondWithRange(c, identity.body, headersOf(name, "identity", identity));
    if (part) return part;
    const encoding = negotiateEncoding(c, available);
    const file = variants[encoding] ?? identity;
    return new Response(file.body, { headers: headersOf(name, encoding, file) });
  };
}

/** Returns undefined if the request is for the complete file. @throws {Problem} 416 */
function respondWithRange(c: Context, body: Blob, headers: HeaderFields): Response | undefined {
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

function headersOf(
  name: string,
  encoding: Encoding,
  { body, etag, isHashed }: BuiltFile,
): HeaderFields {
  return {
    "content-type": Bun.file(name).type,
    // The response to HEAD has no body, so the runtime cannot determine the length.
    "content-length": String(body.size),
    "cache-control": isHashed ? "public, max-age=31536000, immutable" : "no-cache",
    etag,
    "accept-ranges": "bytes",
    // On the path of a page, `isNavigation` chooses between index.html and a 404 by `Accept`.
    vary: name === "index.html" ? "accept, accept-encoding" : "accept-encoding",
    ...(encoding === "identity" ? {} : { "content-encoding": encoding }),
  };
}
