// Bun's bundler with hot reload. It listens on a socket in a private folder, so that every request passes our server.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HTMLBundle } from "bun";
import type { Pages } from "../app.ts";
import type { Handler } from "../server/handler.ts";
import { keep } from "../server/held.ts";

/** Paths that are the bundler's own: scripts, styles, source maps of the page, and the socket of edits. */
const OWN = "/_bun/";

/** The page as Bun's bundler makes it, with Fast Refresh. */
export function bundledPages(page: HTMLBundle): Pages {
  const unix = keep("bundler socket", privateSocket);
  Bun.serve({ unix, development: { hmr: true, console: true }, routes: { "/*": page } });
  const index: Handler = (request) => forward(request, unix).then(untilMended);
  const asset: Handler = (request, server) =>
    request.headers.get("upgrade")?.toLowerCase() === "websocket"
      ? upgrade(request, server, unix)
      : forward(request, unix);
  return { index, asset: (path) => (path.startsWith(OWN) ? asset : undefined) };
}

/** A path for a socket that only this user can reach; it goes when the process ends. */
function privateSocket(): string {
  const folder = mkdtempSync(join(tmpdir(), "hmr-app-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "bundler.sock");
}

async function forward(request: Request, unix: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  // The bundler compares the two; ours were checked on the way in.
  headers.set("host", "localhost");
  if (headers.has("origin")) headers.set("origin", "http://localhost");
  const { method, body } = request;
  const init = { unix, method, headers, body, decompress: false, redirect: "manual" } as const;
  const response = await fetch(`http://localhost${pathname}${search}`, init);
  return new Response(response.body, response);
}

const upgrade: (...args: [...Parameters<Handler>, unix: string]) => undefined = (
  request,
  server,
  unix,
) => {
  const { pathname } = new URL(request.url);
  const bundler = new WebSocket(`ws+unix://${unix}:${pathname}`);
  bundler.binaryType = "arraybuffer";
  if (!server.upgrade(request, { data: { kind: "edits", bundler } })) bundler.close();
  return undefined;
};

/**
 * Bun's "Build Failed" page misses now and then that the mistake is mended: it gets a script that
 * asks, and reloads the page when it builds again.
 */
async function untilMended(response: Response): Promise<Response> {
  if (response.status !== 500) return response;
  const ask = async () => {
    const { ok } = await fetch(location.href, { headers: { accept: "text/html" } });
    if (ok) location.reload();
  };
  const page = `${await response.text()}<script>setInterval(${ask}, 500)</script>`;
  return new Response(page, {
    status: 500,
    headers: { "content-type": "text/html;charset=utf-8" },
  });
}
