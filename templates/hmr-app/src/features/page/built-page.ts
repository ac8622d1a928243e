// The page that `bun run build` made: hashed files cached forever, index.html revalidated, both precompressed.
import { Hono, type MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import { etag } from "hono/etag";
import { type HttpEnv, Problem, pageHeaders } from "#lib/http";
import { StartError } from "#lib/service";
import { ENCODINGS, type Encoding, negotiateEncoding } from "./encoding.ts";
import { builtFiles, type Files } from "./files.ts";
import type { PageSource } from "./routes.ts";

/** Endings of the names under which the build writes the compressed variants of a file. */
const SUFFIXES: Readonly<Record<Encoding, string>> = { br: ".br", gzip: ".gz", identity: "" };

/** Reads the build in `folder` into memory. @throws {StartError} if nothing has been built. */
export async function openBuiltPage(folder: string): Promise<PageSource> {
  const files = await builtFiles(folder);
  if (!files["index.html"]) {
    throw new StartError("Nothing has been built.", "Run `bun run build` first, or `bun run dev`.");
  }
  const assets = new Hono<HttpEnv>();
  for (const name of Object.keys(files)) {
    if (name === "index.html" || /\.(br|gz)$/.test(name)) continue;
    assets.get(`/${name}`, etag(), await serveFile(files, name));
  }
  const index = every(pageHeaders, etag(), await serveFile(files, "index.html"));
  return { index, assets };
}

/** Responds with the variant of a file that the client prefers. @throws {Problem} 406 if it refuses all. */
async function serveFile(files: Files, name: string): Promise<MiddlewareHandler> {
  const variants = new Map<Encoding, { body: Uint8Array<ArrayBuffer>; headers: HeadersInit }>();
  for (const encoding of ENCODINGS) {
    const file = files[name + SUFFIXES[encoding]];
    if (!file) continue;
    const body = new Uint8Array(await file.arrayBuffer());
    variants.set(encoding, { body, headers: headersOf(name, encoding, body) });
  }
  const available = [...variants.keys()];
  return async (c) => {
    const encoding = negotiateEncoding(c, available);
    const variant = encoding && variants.get(encoding);
    if (!variant) throw new Problem(406, `The available encodings are ${available.join(", ")}.`);
    return new Response(variant.body, { headers: variant.headers });
  };
}

function headersOf(name: string, encoding: Encoding, body: Uint8Array) {
  const isPage = name.endsWith(".html");
  return {
    "content-type": Bun.file(name).type,
    // The response to HEAD has no body from which the runtime could tell the length.
    "content-length": String(body.byteLength),
    "cache-control": isPage ? "no-cache" : "public, max-age=31536000, immutable",
    etag: `"${Bun.hash(body).toString(36)}"`,
    // The `Accept` header decides between the page and 404.
    vary: isPage ? "accept, accept-encoding" : "accept-encoding",
    ...(encoding === "identity" ? {} : { "content-encoding": encoding }),
  };
}
