// A page with its scripts and styles: bundled once at start and served from memory.
import { Hono } from "hono";
import { etag } from "hono/etag";
import { pageHeaders } from "./page-headers.ts";

/**
 * Bundles the HTML file at `index`. Returns routes for the page, at `/`, and for its assets, all with `pageHeaders`.
 * Assets have hashed names and are cached forever; the page is revalidated by its ETag.
 * @throws {AggregateError} if the page does not build; uncaught, the runtime prints file and line.
 */
export async function pageRoutes(index: string): Promise<Hono> {
  const { outputs } = await Bun.build({
    entrypoints: [index],
    target: "browser",
    minify: true,
    publicPath: "/",
  });
  const routes = new Hono();
  for (const output of outputs) {
    const body = new Uint8Array(await output.arrayBuffer());
    const isPage = output.type.startsWith("text/html");
    const path = isPage ? "/" : `/${output.path.replace(/^\.?\//, "")}`;
    const headers = {
      "content-type": output.type,
      // Hono drops the body of a response to HEAD, and its length with it.
      "content-length": String(body.byteLength),
      "cache-control": isPage ? "no-cache" : "public, max-age=31536000, immutable",
      etag: `"${Bun.hash(body).toString(36)}"`,
    };
    routes.get(path, pageHeaders, etag(), () => new Response(body, { headers }));
  }
  return routes;
}
