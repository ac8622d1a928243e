// GET / and every other address that a user may open: the page, which decides what to show for the address.
import { type Context, Hono, type MiddlewareHandler } from "hono";
import type { HttpEnv } from "#lib/http";

/** Where the page comes from: the build in production, Bun's bundler in development. */
export interface PageSource {
  /** Responds with index.html. */
  readonly index: MiddlewareHandler;
  /** Routes of the files that index.html loads. */
  readonly assets: Hono<HttpEnv>;
}

export function pageRoutes({ index, assets }: PageSource) {
  return new Hono<HttpEnv>()
    .route("/", assets)
    .get("/", index)
    .use((c, next) => (isNavigation(c) ? index(c, next) : next()));
}

/** A user opens an address. A script that requests a missing file gets a 404 instead of the page. */
function isNavigation({ req }: Context): boolean {
  if (req.method !== "GET" && req.method !== "HEAD") return false;
  const name = req.path.slice(req.path.lastIndexOf("/"));
  const acceptsHtml = req.header("accept")?.includes("text/html") ?? false;
  return acceptsHtml && !req.path.startsWith("/api/") && !name.includes(".");
}
