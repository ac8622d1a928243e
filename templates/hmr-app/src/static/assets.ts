// Serves what the build made: hashed files for ever, the page revalidated, both compressed beforehand.
import { methods, Problem } from "#lib/problem";
import type { Pages } from "../app.ts";
import type { Connection, Handler } from "../server/handler.ts";
import { type Coding, codings, negotiate } from "./encoding.ts";

/** Names of the files, as in dist/public/, and where their bytes are. */
export type Files = Readonly<Record<string, Blob>>;

/** Ends of the names of the compressed files beside each file. */
const suffixes: Readonly<Record<Coding, string>> = { br: ".br", gzip: ".gz", identity: "" };

/**
 * What the page may load: its own files and connections to its own origin, and no code inline.
 * Small pictures and fonts are data: URLs, because Bun puts them into the style.
 */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Reads all files into memory. @throws if there is no index.html among them. */
export async function loadPages(files: Files): Promise<Pages> {
  const names = Object.keys(files).filter((name) => !/\.(br|gz)$/.test(name));
  const assets = new Map<string, Handler>();
  for (const name of names) assets.set(`/${name}`, await assetHandler(name, files));
  const index = assets.get("/index.html");
  if (!index) throw new Error("The build has no index.html.");
  assets.delete("/index.html");
  return { index, asset: (path) => assets.get(path) };
}

async function assetHandler(name: string, files: Files): Promise<Handler> {
  const bodies = new Map<Coding, Uint8Array<ArrayBuffer>>();
  for (const coding of codings) {
    const file = files[`${name}${suffixes[coding]}`];
    if (file) bodies.set(coding, new Uint8Array(await file.arrayBuffer()));
  }
  const html = name.endsWith(".html");
  const shared = {
    "content-type": Bun.file(name).type,
    "cache-control": html ? "no-cache" : "public, max-age=31536000, immutable",
    "referrer-policy": "no-referrer",
    vary: html ? "accept, accept-encoding" : "accept-encoding",
    ...(html ? { "content-security-policy": CSP } : {}),
  };
  const hash = Bun.hash(bodies.get("identity") ?? "").toString(36);
  const serve: Handler = (request) => {
    const accepted = request.headers.get("accept-encoding");
    const coding = negotiate(accepted, (coding) => bodies.has(coding));
    if (!coding) throw new Problem(406, `There is only ${[...bodies.keys()].join(", ")} here.`);
    const etag = `"${hash}-${coding}"`;
    const headers = { ...shared, etag };
    if (isKnown(request.headers.get("if-none-match"), etag)) {
      return new Response(null, { status: 304, headers });
    }
    const encoded = coding === "identity" ? headers : { ...headers, "content-encoding": coding };
    return new Response(bodies.get(coding), { headers: encoded });
  };
  return methods<Connection>({ GET: serve });
}

/** RFC 9110, section 13.1.2: a list of entity tags that are compared weakly, or `*`. */
function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  const tags = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes(etag) || tags.includes("*");
}
