// Bun's bundler with hot reload. It listens on a socket in a private folder, so that every request passes our server.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HTMLBundle, Server } from "bun";
import { methods, Problem } from "#lib/problem";
import type { Pages } from "../app.ts";
import type { Connection, Handler } from "../server/handler.ts";
import { keep } from "../server/held.ts";
import { reloadedAfterEdit, SOURCES, sourcesState } from "./mended.ts";
import { type Ask, REPORT, reportError } from "./places.ts";

export interface Bundler {
  readonly pages: Pages;
  /** Paths of its own: scripts, styles, source maps of the page, and the WebSocket of edits. */
  readonly routes: Readonly<Record<string, Handler>>;
}

/** Serves the page as Bun's bundler makes it, with Fast Refresh. */
export function openBundler(page: HTMLBundle): Bundler {
  const unix = keep("bundler socket", privateSocket);
  Bun.serve({ unix, development: { hmr: true, console: true }, routes: { "/*": page } });
  const ask: Ask = (path, init) =>
    fetch(`http://localhost${path}`, { ...init, unix, decompress: false, redirect: "manual" });
  const served = keep("served sources", () => ({ state: "" }));
  const index: Handler = async (request) => {
    const before = await sourcesState();
    served.state = before;
    const response = await forward(request, ask);
    return response.status === 500 ? reloadedAfterEdit(response, before) : response;
  };
  const report: Handler = (request) => reportError(request, ask);
  return {
    pages: { index: methods<Connection>({ GET: index }), asset: () => undefined },
    routes: {
      "/_bun/*": (request) => forward(request, ask),
      "/_bun/hmr": (request, server) => follow(request, server, unix, served.state),
      [REPORT]: methods<Connection>({ POST: report }),
      [SOURCES]: async () => new Response(await sourcesState()),
    },
  };
}

/** A path for a socket that only this user can reach; it goes when the process ends. */
function privateSocket(): string {
  const folder = mkdtempSync(join(tmpdir(), "hmr-app-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "bundler.sock");
}

async function forward(request: Request, ask: Ask): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  // The bundler compares the two; ours were checked on the way in.
  headers.set("host", "localhost");
  if (headers.has("origin")) headers.set("origin", "http://localhost");
  const { method, body } = request;
  const response = await ask(pathname + search, { method, headers, body });
  return new Response(response.body, response);
}

/** Connects a page to the news of edits. */
function follow(
  request: Request,
  server: Server<Connection>,
  unix: string,
  served: string,
): undefined {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new Problem(426, "Connect with a WebSocket.", { headers: { upgrade: "websocket" } });
  }
  const bundler = new WebSocket(`ws+unix://${unix}:${new URL(request.url).pathname}`);
  bundler.binaryType = "arraybuffer";
  if (server.upgrade(request, { data: { kind: "edits", bundler, served } })) return undefined;
  bundler.close();
  throw new Problem(400, "This is no WebSocket handshake.");
}
