// Serves the page. In development, each visit builds it again, so that a reload shows every change.
import { join } from "node:path";
import { Hono } from "hono";
import { log } from "#lib/log";
import { pageRoutes } from "#lib/page";
import type { Env } from "../../env.ts";

const INDEX = join(import.meta.dir, "index.html");

export async function chatPage({ NODE_ENV }: Env): Promise<Hono> {
  let page = await pageRoutes(INDEX);
  if (NODE_ENV !== "development") return page;
  const rebuild = async () => {
    try {
      page = await pageRoutes(INDEX);
    } catch (error) {
      // The last page that could be built stays.
      log.error("The page does not build: {error}", { error });
    }
  };
  return new Hono().use(async (c, next) => {
    if (c.req.path === "/") await rebuild();
    const response = await page.fetch(c.req.raw);
    if (response.status === 404) await next();
    else c.res = response;
  });
}
