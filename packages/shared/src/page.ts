// A page with its scripts and styles, bundled once at start and served from memory with safe headers.
import type { BunRequest } from "bun";

/** What a page may load: its own files and connections to its own origin, and nothing inline. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Bundles the HTML file at `index` and returns a GET handler for `/` and for each of its assets.
 * Assets have hashed names and never change; the page itself is revalidated by its ETag.
 * @throws {AggregateError} when the page does not build; left uncaught, the runtime prints where.
 */
export async function openPage(
  index: string,
): Promise<Readonly<Record<string, (request: BunRequest) => Response>>> {
  const { outputs } = await Bun.build({
    entrypoints: [index],
    target: "browser",
    minify: true,
    publicPath: "/",
  });
  const routes: Record<string, (request: BunRequest) => Response> = {};
  for (const output of outputs) {
    const body = new Uint8Array(await output.arrayBuffer());
    const html = output.type.startsWith("text/html");
    const etag = `"${Bun.hash(body).toString(36)}"`;
    const headers = {
      "content-type": output.type,
      "cache-control": html ? "no-cache" : "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      etag,
      ...(html ? { "content-security-policy": CSP } : {}),
    };
    routes[html ? "/" : `/${output.path.replace(/^\.?\//, "")}`] = (request) =>
      matches(request.headers.get("if-none-match"), etag)
        ? new Response(null, { status: 304, headers })
        : new Response(body, { headers });
  }
  return routes;
}

/** RFC 9110, section 13.1.2: a list of entity tags that are compared weakly, or `*`. */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  const tags = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes(etag) || tags.includes("*");
}
