// Runs Bun's bundler as a child process on a socket in a private folder, so that every request goes to our server first.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { log } from "#lib/log";
import { hot } from "../hot.ts";

export interface BundlerProcess {
  readonly child: Bun.Subprocess;
  /** Path of its Unix socket. */
  readonly socket: string;
  /** Rejects if the process exits before it listens. */
  readonly listening: Promise<void>;
  /** Whether it has built the page once. From then on it watches the files of the page. */
  isWarm: boolean;
}

/** How often a request is sent again when the process exits before it responds. */
const MAX_RETRIES = 3;
/** Milliseconds within which a killed process exits after its connections have closed. */
const EXIT_MS = 100;

const bundler = hot.data("bundler", () => ({
  folder: createPrivateFolder(),
  starts: 0,
  process: undefined as BundlerProcess | undefined,
}));

/** The sources that the latest page was built from. A page that connects when they differ reloads. */
export const served = hot.data("served", () => ({ fingerprint: "" }));

/** A folder that only this user can enter, removed when the process exits. */
function createPrivateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hmr-app-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the bundler unless it runs. A request would also start it; starting now saves time. */
export function startBundler(): BundlerProcess {
  bundler.process ??= spawn();
  return bundler.process;
}

/** Replaces the process. Every page reloads: those whose relay is closed, and those that are loading. */
export function restartBundler(reason: string): void {
  log.info("restarting the bundler: {reason}", { reason });
  const stale = bundler.process;
  bundler.process = spawn();
  served.fingerprint = "";
  stale?.child.kill();
}

function spawn(): BundlerProcess {
  const socket = join(bundler.folder, `${++bundler.starts}.sock`);
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  const script = join(import.meta.dir, "bundler-process.ts");
  const child = Bun.spawn([process.execPath, script, socket], {
    stdio: ["ignore", "inherit", "inherit"],
    // Otherwise it clears the terminal, and what the server has printed is gone.
    env: { ...process.env, BUN_CONFIG_NO_CLEAR_TERMINAL_ON_RELOAD: "true" },
    ipc: () => resolve(),
    onExit: () => {
      forget(child);
      reject(new Error("Bun's bundler exited before it listened: see the terminal."));
    },
  });
  // Requests await `listening` and report its error. Without a request, the rejection is not a bug.
  listening.catch(() => undefined);
  return { child, socket, listening, isWarm: false };
}

/** The next request starts another process. */
function forget(child: Bun.Subprocess): void {
  if (bundler.process?.child === child) bundler.process = undefined;
}

/** Returns the current process once it listens. @throws if it exits before. */
export async function runningBundler(): Promise<BundlerProcess> {
  const current = startBundler();
  try {
    await current.listening;
    return current;
  } catch (error) {
    const wasReplaced = bundler.process !== undefined && bundler.process !== current;
    if (wasReplaced) return runningBundler();
    throw error;
  }
}

/** Sends a request to the bundler, and again to the next process if this one exits before it responds. */
export async function fetchFromBundler(path: string, init: RequestInit = {}): Promise<Response> {
  for (let retries = MAX_RETRIES; ; retries -= 1) {
    const { child, socket } = await runningBundler();
    try {
      const options = { ...init, unix: socket, decompress: false, redirect: "manual" as const };
      const response = await fetch(`http://localhost${path}`, options);
      // The complete body, because the process may exit while it sends.
      const body = await response.arrayBuffer();
      return new Response(body.byteLength > 0 ? body : null, response);
    } catch (error) {
      const hasExited = await Promise.race([child.exited.then(() => true), Bun.sleep(EXIT_MS)]);
      if (!hasExited || retries === 0) throw error;
      forget(child);
    }
  }
}

/** Forwards a page's request to the bundler. */
export async function forward(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  // The bundler compares Host and Origin; the middleware has checked the original ones.
  headers.set("host", "localhost");
  if (headers.has("origin")) headers.set("origin", "http://localhost");
  const { method } = request;
  // In memory, so that it can be sent again.
  const body = request.body ? await request.arrayBuffer() : null;
  return fetchFromBundler(pathname + search, { method, headers, body });
}

export async function connectToBundler(path: string): Promise<WebSocket> {
  const { socket } = await runningBundler();
  const connection = new WebSocket(`ws+unix://${socket}:${path}`);
  connection.binaryType = "arraybuffer";
  return connection;
}
