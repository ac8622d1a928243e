// Runs the bundler, which is Bun's development server, as a child process on a private socket: every request passes admission first.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// #region workarounds
import { notice } from "#lib/log";
// #endregion
import { createHot } from "../hot.ts";
// #region workarounds
import { envFileVariablesAsUndefined } from "./workarounds/config-files.ts";

// #endregion

/** A message of the bundler over IPC. */
type BundlerMessage =
  // #region workarounds
  | { readonly type: "restart" | "reload"; readonly reason: string }
  // #endregion
  | { readonly type: "listening" };

interface BundlerProcess {
  readonly child: Bun.Subprocess;
  /** Path of its Unix socket. */
  readonly socket: string;
  /** Rejects if the bundler exits before it listens. */
  readonly listening: Promise<void>;
}

/** Retries of a start whose bundler was killed. A bundler that exits with a code has printed an error, and would fail again. */
const MAX_START_RETRIES = 3;
/** Retries of a request whose bundler exited before it responded. Each of them may start another one. */
const MAX_REQUEST_RETRIES = 3;
/** Milliseconds to wait for the exit of a bundler that failed to respond. After that, its socket is checked. */
const EXIT_MS = 100;

interface Data {
  bundler: BundlerProcess;
  folder: string;
  /** How many bundlers were started. */
  startCount: number;
  // #region workarounds
  /** How many of them have listened. */
  listenedCount: number;
  /** How many times a plugin requested that the pages reload. */
  reloadCount: number;
  // #endregion
}

const { data } = createHot<Data>("dev:bundler");

/** Starts the bundler unless it runs. */
export function startBundler(): BundlerProcess {
  data.bundler ??= spawn();
  return data.bundler;
}

// #region workarounds
/** Returns how many processes have listened. */
export function listenedCount(): number {
  return data.listenedCount ?? 0;
}

/** Returns how many reloads plugins have requested. A requested reload happens when the current build ends. */
export function reloadCount(): number {
  return data.reloadCount ?? 0;
}

/** Replaces the bundler. Pages lose their connection and reload; their requests wait until the new bundler listens. */
export function restartBundler(reason: string): void {
  notice.info(`${reason}: restarting the bundler`);
  const stale = data.bundler;
  data.bundler = spawn();
  stale?.child.kill();
}

// #endregion
function spawn(): BundlerProcess {
  // Runs before the exit listener of `privateFolder`: a live bundler would print an error when its socket is removed.
  if (!data.startCount) process.prependListener("exit", () => data.bundler?.child.kill("SIGKILL"));
  data.startCount = (data.startCount ?? 0) + 1;
  const socket = join(privateFolder(), `${data.startCount}.sock`);
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  const program = join(import.meta.dir, "bundler-process.ts");
  // The child serves the page with `Bun.serve` on the socket, and sends "listening" once it does.
  // #region workarounds
  // The plugins that run in it send the other messages.
  // #endregion
  const child = Bun.spawn([process.execPath, program, socket, `${data.startCount}`], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      // #region workarounds
      // The bundler reads the .env files itself.
      ...envFileVariablesAsUndefined(),
      // #endregion
      // Plugins put temporary files here: the bundler is killed, so it cannot remove them itself.
      TMPDIR: privateFolder(),
      // Otherwise the bundler clears the terminal, and with it the output of the server.
      BUN_CONFIG_NO_CLEAR_TERMINAL_ON_RELOAD: "true",
    },
    ipc: (message: BundlerMessage) => {
      if (message.type === "listening") {
        resolve();
        // #region workarounds
        data.listenedCount = listenedCount() + 1;
        // #endregion
      }
      // #region workarounds
      if (data.bundler?.child !== child) return;
      if (message.type === "restart") restartBundler(message.reason);
      if (message.type === "reload") {
        notice.info(`${message.reason}: reloading the page`);
        data.reloadCount = reloadCount() + 1;
      }
      // #endregion
    },
    onExit: () => {
      discard(child);
      reject(new Error("the bundler exited before it listened: see the terminal."));
    },
  });
  // Requests await `listening` and report its error. Without a request, the rejection would be unhandled.
  listening.catch(() => undefined);
  return { child, socket, listening };
}

/** Stops a bundler, so that the next request starts another one. */
function discard(child: Bun.Subprocess): void {
  if (data.bundler?.child === child) delete data.bundler;
  child.kill();
}

/** Returns the current bundler once it listens. @throws if it exits before that; it has printed the reason. */
async function runningBundler(retries = MAX_START_RETRIES): Promise<BundlerProcess> {
  const current = startBundler();
  try {
    await current.listening;
    return current;
  } catch (error) {
    const wasReplaced = data.bundler !== undefined && data.bundler !== current;
    const wasKilled = current.child.signalCode !== null;
    if (wasReplaced || (wasKilled && retries > 0)) return runningBundler(retries - 1);
    throw error;
  }
}

/** Sends a request to the bundler. If the bundler exits before it responds, sends the request to its successor. */
export async function fetchFromBundler(path: string, init: RequestInit = {}): Promise<Response> {
  for (let retries = MAX_REQUEST_RETRIES; ; retries -= 1) {
    const { child, socket } = await runningBundler();
    try {
      const options = { ...init, unix: socket, decompress: false, redirect: "manual" as const };
      const response = await fetch(`http://localhost${path}`, options);
      // Reads the complete body, because the bundler may exit while it sends.
      const body = await response.arrayBuffer();
      return new Response(body.byteLength > 0 ? body : null, response);
    } catch (error) {
      await Promise.race([child.exited, Bun.sleep(EXIT_MS)]);
      if (retries === 0 || (await isListening(socket))) throw error;
      discard(child);
    }
  }
}

/** The socket of a dead bundler refuses connections immediately; its exit may be reported later on a busy machine. */
async function isListening(unix: string): Promise<boolean> {
  try {
    const connection = await Bun.connect({ unix, socket: { data: () => undefined } });
    connection.end();
    return true;
  } catch {
    return false;
  }
}

/** Forwards a page's request to the bundler. */
export async function forward(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  // The bundler compares Host and Origin; admission has checked the original ones.
  headers.set("host", "localhost");
  if (headers.has("origin")) headers.set("origin", "http://localhost");
  const { method } = request;
  // Buffered, so that it can be sent again.
  const body = request.body ? await request.arrayBuffer() : null;
  return fetchFromBundler(pathname + search, { method, headers, body });
}

export async function connectToBundler(path: string): Promise<WebSocket> {
  // The exit of a bundler may not be reported yet. If its socket refuses connections, another bundler is started.
  const running = await runningBundler();
  if (!(await isListening(running.socket))) discard(running.child);
  const { socket } = await runningBundler();
  const connection = new WebSocket(`ws+unix://${socket}:${path}`);
  connection.binaryType = "arraybuffer";
  return connection;
}

/** Returns a folder that only this user can enter. It is removed when the server exits. */
export function privateFolder(): string {
  // The system may have removed it, because it removes old temporary files.
  if (data.folder && existsSync(data.folder)) return data.folder;
  try {
    const folder = mkdtempSync(join(tmpdir(), "hmr-app-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    data.folder = folder;
    return folder;
  } catch (error) {
    console.error(`${tmpdir()} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
    console.error("Set TMPDIR to a folder that you may write to.");
    process.exit(1);
  }
}
