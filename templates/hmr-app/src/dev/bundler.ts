// Forwards to Bun's bundler, which listens on a socket in a private folder, so that every request passes our server.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "bun";
import { log } from "#lib/log";
import { methods, Problem } from "#lib/problem";
import type { Pages } from "../app.ts";
import type { Connection, Handler } from "../server/handler.ts";
import { keep } from "../server/held.ts";
import { reloadedAfterEdit, SOURCES, sourcesState } from "./mended.ts";
import { type Ask, REPORT, reportError } from "./places.ts";
import { watchPackages, watchSaves } from "./saves.ts";

export interface Bundler {
  /** Starts it before the first request needs it. */
  readonly start: () => void;
  readonly pages: Pages;
  /** Paths of its own: scripts, styles, source maps of the page, and the WebSocket of edits. */
  readonly routes: Readonly<Record<string, Handler>>;
}

interface Running {
  readonly child: Bun.Subprocess;
  /** The path of its socket. */
  readonly unix: string;
  readonly listens: Promise<void>;
  /** It has made the page once, and watches what that is made of. */
  isWarm: boolean;
}

/** So many times more a request is sent to the next bundler, if the one that had it ended. */
const RETRIES = 3;
/** Within so many milliseconds after its connections, a process that was killed is gone, too. */
const ENDS_MS = 100;

/** In place of a script that only the bundler before knew: its page has to be made anew. */
const RELOAD_SCRIPT = "location.reload();";
const RELOAD_SCRIPT_HEADERS = { "content-type": "text/javascript", "cache-control": "no-store" };

const held = keep("bundler", () => ({
  folder: privateFolder(),
  starts: 0,
  running: undefined as Running | undefined,
  /** The state of the sources that the latest page was made of. */
  served: "",
}));

/** Serves the page as Bun's bundler makes it, with Fast Refresh. */
export function openBundler(): Bundler {
  keep("saves", () => watchSaves(() => startAnew("a file was saved twice at once")));
  keep("packages", () => watchPackages(() => startAnew("packages have changed")));
  const index: Handler = async (request) => {
    const { response, sources } = await pageOf(request);
    return response.status === 500 ? reloadedAfterEdit(response, sources) : response;
  };
  const report: Handler = (request) => reportError(request, ask);
  return {
    start: () => {
      held.running ??= start();
    },
    pages: { index: methods<Connection>({ GET: index }), asset: () => undefined },
    routes: {
      "/_bun/*": forward,
      "/_bun/hmr": follow,
      [REPORT]: methods<Connection>({ POST: report }),
      [SOURCES]: async () => new Response(await sourcesState()),
    },
  };
}

/** A folder that only this user can enter; it goes when the process ends. */
function privateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hmr-app-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function start(): Running {
  const unix = join(held.folder, `${++held.starts}.sock`);
  const { promise: listens, resolve, reject } = Promise.withResolvers<void>();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "bundling.ts"), unix], {
    stdio: ["ignore", "inherit", "inherit"],
    // What the server has said stays readable.
    env: { ...process.env, BUN_CONFIG_NO_CLEAR_TERMINAL_ON_RELOAD: "true" },
    ipc: () => resolve(),
    onExit: () => {
      forget(child);
      reject(new Error("Bun's bundler ended before it listened: the terminal says why."));
    },
  });
  // Whoever asks hears of it; that nobody does is no error.
  listens.catch(() => undefined);
  return { child, unix, listens, isWarm: false };
}

/** The next request starts another one. */
function forget(child: Bun.Subprocess): void {
  if (held.running?.child === child) held.running = undefined;
}

/** Every page reloads: one that follows the bundler before, and one that is just loading. */
function startAnew(reason: string): void {
  log.info("{reason}: the page starts anew", { reason });
  const before = held.running;
  held.running = start();
  held.served = "";
  before?.child.kill();
}

/** The bundler that listens. @throws if it does not come up. */
async function current(): Promise<Running> {
  held.running ??= start();
  const { running } = held;
  try {
    await running.listens;
    return running;
  } catch (error) {
    // It may have been started anew before it was up.
    if (held.running === undefined || held.running === running) throw error;
    return current();
  }
}

const ask: Ask = async (path, init) => {
  for (let left = RETRIES; ; left -= 1) {
    const { child, unix } = await current();
    try {
      const options = { ...init, unix, decompress: false, redirect: "manual" as const };
      const response = await fetch(`http://localhost${path}`, options);
      // Whole, because the bundler may end at any moment.
      const body = await response.arrayBuffer();
      return new Response(body.byteLength > 0 ? body : null, response);
    } catch (error) {
      const ended = await Promise.race([child.exited.then(() => true), Bun.sleep(ENDS_MS)]);
      // What has a body has been sent: there is no other.
      if (!ended || init?.body || left === 0) throw error;
      forget(child);
    }
  }
};

async function forward(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  // The bundler compares the two; ours were checked on the way in.
  headers.set("host", "localhost");
  if (headers.has("origin")) headers.set("origin", "http://localhost");
  const { method, body } = request;
  const response = await ask(pathname + search, { method, headers, body });
  const isScript = response.status === 404 && pathname.endsWith(".js");
  return isScript ? new Response(RELOAD_SCRIPT, { headers: RELOAD_SCRIPT_HEADERS }) : response;
}

/** The page, and the state of the sources before it was made. */
async function pageOf(request: Request): Promise<{ response: Response; sources: string }> {
  for (let left = RETRIES; ; left -= 1) {
    const sources = await sourcesState();
    held.served = sources;
    const bundler = await current();
    const response = await forward(request);
    // What is saved while it makes the page for the first time, it may have read before, and not watch yet.
    const isSure = bundler.isWarm || left === 0 || (await sourcesState()) === sources;
    bundler.isWarm = true;
    if (isSure) return { response, sources };
    startAnew("a file was saved meanwhile");
  }
}

/** Connects a page to the news of edits. */
async function follow(request: Request, server: Server<Connection>): Promise<undefined> {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new Problem(426, "Connect with a WebSocket.", { headers: { upgrade: "websocket" } });
  }
  const { unix } = await current();
  const bundler = new WebSocket(`ws+unix://${unix}:${new URL(request.url).pathname}`);
  bundler.binaryType = "arraybuffer";
  const { served } = held;
  if (server.upgrade(request, { data: { kind: "edits", bundler, served } })) return undefined;
  bundler.close();
  throw new Problem(400, "This is no WebSocket handshake.");
}
