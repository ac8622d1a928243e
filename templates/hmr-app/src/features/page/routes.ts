// Serves the page on every path that a user may open in a browser. The page's router shows the content of the path.
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { type HttpEnv, Problem } from "#lib/http";

/** The source of the page: the build in production, Bun's development server in development. */
export interface PageSource {
  /** Responds with index.html. */
  readonly index: MiddlewareHandler;
  /** Routes of the files that index.html loads. */
  readonly assets: Hono<HttpEnv>;
}

/**
 * Every path outside of `/api`; unlike `.`, `[^]` also matches a line break. Only GET is registered: for other methods of a
 * registered path, `notFound` responds with 405.
 */
const PAGES = "/:path{(?!api(?:/|$))[^]+}";

export function pageRoutes({ index, assets }: PageSource) {
  return new Hono<HttpEnv>()
    .route("/", assets)
    .get("/", index)
    .get(PAGES, (c, next) => {
      if (isNavigation(c)) return index(c, next);
      // A cache must not keep this 404: a tab may request a file of a build that this server gets later.
      const headers = { "cache-control": "no-store" };
      throw new Problem(404, `There is nothing at ${c.req.path}.`, { headers });
    });
}

/**
 * Returns whether a user opens an address. A script that requests a missing file must get a 404 instead of the page.
 * `sec-fetch-dest` is `document` if a browser opens an address, and `empty` for `fetch`
 * (https://www.w3.org/TR/fetch-metadata/). Clients that are not browsers send neither it nor `sec-fetch-mode`.
 */
function isNavigation({ req }: Context): boolean {
  const destination = req.header("sec-fetch-dest");
  if (destination !== undefined && destination !== "empty") return destination === "document";
  if (req.header("sec-fetch-mode") === "navigate") return true;
  return req.header("accept")?.includes("text/html") ?? false;
}
