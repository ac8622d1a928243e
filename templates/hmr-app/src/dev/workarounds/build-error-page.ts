// Defect: a page that was opened while it did not build sometimes misses that the error is fixed. If a plugin cannot be
// loaded, the page is the text "Plugin Error" with status 200. If the bundler exits, there is no page.
// Bun 1.4.5, https://github.com/oven-sh/bun/pull/42075
// Workaround: a script in the page reloads it after the next edit.
import { Hono, type MiddlewareHandler } from "hono";
import { log } from "#lib/log";
import { listenedCount } from "../bundler.ts";
import { fingerprint } from "../fingerprint.ts";

/** Body of the bundler's response if a plugin cannot be loaded. */
const PLUGIN_ERROR = "Plugin Error";
const POLL_PATH = "/_bun/sources";
const SOURCES = ["src/**/[!#]*", "{bunfig.toml,tsconfig.json}", ".env*"];

/** Serves the fingerprint of the sources for polling. Polling the page instead would build it each time. */
export function buildErrorRoutes() {
  return new Hono().get(POLL_PATH, async (c) => c.text(await sourcesFingerprint()));
}

/** Middleware: responds with a page that shows what failed, and reloads itself after the next edit. */
export const errorPage: MiddlewareHandler = async (c, next) => {
  const before = await sourcesFingerprint();
  let content: string | undefined;
  try {
    await next();
    content = await errorContent(c.res);
  } catch (error) {
    log.error("the page could not be served: {error}", { error });
    content = `<h1>${Bun.escapeHTML(String(error))}</h1>`;
  }
  if (content === undefined) return;
  // Otherwise Hono would copy the headers of the failed response.
  c.res = undefined;
  c.res = reloadAfterEdit(content, before);
};

/** Returns what a response shows if it is an error page of the bundler. */
async function errorContent(response: Response): Promise<string | undefined> {
  if (response.status === 500) return response.text();
  if (response.headers.get("content-type")?.startsWith("text/html")) return undefined;
  const text = await response.clone().text();
  if (text !== PLUGIN_ERROR) return undefined;
  return `${text}: bunfig.toml names a plugin that could not be loaded, see the terminal.`;
}

/**
 * Returns an error page that contains the script.
 * @param before the fingerprint of the sources before the failed build.
 */
function reloadAfterEdit(content: string, before: string): Response {
  // Runs in the page, so it may only use its parameters.
  const poll = async (path: string, failed: string) => {
    const latest = await fetch(path);
    if (latest.ok && (await latest.text()) !== failed) location.reload();
  };
  const call = `(${poll})("${POLL_PATH}", "${before}")`;
  return new Response(`${content}<script>setInterval(() => ${call}, 500)</script>`, {
    status: 500,
    headers: { "content-type": "text/html;charset=utf-8" },
  });
}

/**
 * Returns a value that changes when a source or configuration file of the page is saved, added, renamed or removed, and
 * when the bundler was restarted: a page may be requested after `tsconfig.json` is saved and before the restart.
 */
async function sourcesFingerprint(): Promise<string> {
  // Counts only the starts that succeeded. A reload may cause one that fails, after which the page would reload again.
  return `${listenedCount()} ${await fingerprint(SOURCES)}`;
}
