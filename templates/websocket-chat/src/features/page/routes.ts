// Serves the page. In development, each request for / builds it, so that a reload shows every change.
import { join } from "node:path";
import { Hono } from "hono";
import { Problem } from "#lib/http";
import { log } from "#lib/log";
import { pageRoutes } from "#lib/page";
import type { Env } from "../../env.ts";

const INDEX = join(import.meta.dir, "index.html");

export async function chatPage({ NODE_ENV }: Env): Promise<Hono> {
  if (NODE_ENV !== "development") return await pageRoutes(INDEX);
  let page: Hono | undefined;
  return new Hono().use(async (c, next) => {
    if (c.req.path === "/") {
      try {
        page = await pageRoutes(INDEX);
      } catch (error) {
        // Adds file and line, which the message of the error lacks.
        log.error("The page does not build: {problem}", { problem: Bun.inspect(error) });
        // The last page that could be built stays.
        if (!page) throw new Problem(500, "The page does not build. The log names the file.");
      }
    }
    const response = await page?.fetch(c.req.raw);
    if (!response || response.status === 404) await next();
    else c.res = response;
  });
}
