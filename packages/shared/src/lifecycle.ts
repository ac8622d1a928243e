// Listens, reports readiness and shuts down. `service.ts` adds what concerns the process: signals and exit codes.
import type { Server, WebSocketHandler } from "bun";
import type { ServiceEnv } from "./env.ts";
import { log, notice } from "./log.ts";
import { Metrics, serveMetrics } from "./metrics.ts";
import { Problem } from "./problem.ts";
import { discardUnreadBody, withLingeringClose } from "./request-body.ts";
import { within } from "./within.ts";

/** Something that is open as long as the service runs: a store, a pool, a timer. */
export interface Resource {
  /** Rejects while the service cannot do its work because of this resource; `/readyz` is then 503. */
  ready?(): void | Promise<void>;
  /** Resolves when its background work is done. The shutdown waits for that for up to `SHUTDOWN_TIMEOUT_MS`. */
  drain?(): Promise<void>;
  /** Closes it, after the last request. Resources close in reverse order of `use`. */
  close?(): void | Promise<void>;
}

/** The part of the service that its app may use. */
export type Service = Readonly<Omit<Lifecycle, "listen" | "stop" | "close" | "fail" | "exitCode">>;

/** Throw it from `createApp`: the service prints the message and the hint, and exits with code 1. */
export class StartError extends Error {
  override readonly name = "StartError";

  /** @param hint what to do about it. */
  constructor(
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A Hono app, whatever its routes are. */
export interface WebApp {
  fetch(request: Request, env: { readonly server: Server<unknown> }): Response | Promise<Response>;
}

/** Time limit of a readiness check, in milliseconds; a store that is down may never respond. */
const READY_TIMEOUT_MS = 2000;
/** Milliseconds for which a readiness result is reused, so that frequent probes do not load the stores. */
const READY_CACHE_MS = 1000;
/**
 * Before the listener closes, `stop` delays all responses for this many milliseconds. Closing resets connections that are
 * being opened. Clients that wait for a response open none, and requests that they have already sent still arrive.
 */
const HOLD_MS = 200;
/** Milliseconds for closing one resource. After that, the next one is closed, and the process will exit with code 1. */
const CLOSE_TIMEOUT_MS = 5000;

/** The resources of a service, and its server. */
export class Lifecycle {
  metrics = new Metrics(false);
  /** True from the first signal or uncaught error on, or once the start has failed. */
  isStopping = false;
  exitCode = 0;
  readonly #draining = new AbortController();
  /** Aborts once the listener has closed, when event streams and WebSockets have to end. */
  readonly draining = this.#draining.signal;
  readonly #resources: Resource[] = [];
  #env: ServiceEnv | undefined;
  #websocket: WebSocketHandler<unknown> | undefined;
  #server: Server<unknown> | undefined;
  #check: Promise<void> = Promise.resolve();
  #checkedAt = Number.NEGATIVE_INFINITY;
  #listenerClosed: Promise<void> | undefined;

  /** The server, once the service listens. */
  get server(): Server<unknown> {
    if (!this.#server) throw new Error("The service does not listen yet.");
    return this.#server;
  }

  /** Registers a resource for `/readyz` and for the shutdown. @returns the resource. */
  use<R extends Resource>(resource: R): R {
    this.#resources.push(resource);
    return resource;
  }

  /** Sets the handlers of the service's WebSockets. @throws {Error} on a second call. */
  websocket<Data>(handlers: WebSocketHandler<Data>): void {
    if (this.#websocket) {
      throw new Error("The WebSocket handlers are set already: tell sockets apart by `data`.");
    }
    this.#websocket = handlers as WebSocketHandler<unknown>;
  }

  /** Rejects while a resource is not ready, with the reason of the first one. */
  ready(): Promise<void> {
    const now = performance.now();
    if (now - this.#checkedAt < READY_CACHE_MS) return this.#check;
    this.#checkedAt = now;
    this.#check = this.#checkResources();
    return this.#check;
  }

  async #checkResources(): Promise<void> {
    const checks = this.#resources.map(async (resource) => resource.ready?.());
    if (await within(READY_TIMEOUT_MS, Promise.all(checks))) return;
    throw new Error(`A store did not respond within ${READY_TIMEOUT_MS} ms.`);
  }

  /** Listens and prints the URL. @throws {StartError} if the address is taken or not allowed. */
  listen(env: ServiceEnv, app: WebApp): void {
    if (this.isStopping) return;
    this.#env = env;
    if (env.METRICS_PORT !== undefined) {
      const address = { hostname: env.HOST, port: env.METRICS_PORT };
      const listener = listenOr("METRICS_PORT", env, () => serveMetrics(this.metrics, address));
      // First in the list, so that it closes last: metrics are available until the shutdown ends.
      this.#resources.unshift(listener);
      notice.info(`metrics at ${listener.url}`);
    }
    const options = this.serveOptions(env, app);
    this.#server = listenOr("PORT", env, () => Bun.serve(options));
    notice.info(`listening on ${openableUrl(this.#server.url)}`);
  }

  protected serveOptions(env: ServiceEnv, app: WebApp): Bun.Serve.Options<unknown> {
    return {
      hostname: env.HOST,
      port: env.PORT,
      // Limits on bodies belong to the routes: the runtime's own 413 is not a problem+json.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      // With it, a second service could share the port and receive some of the requests.
      reusePort: false,
      idleTimeout: env.KEEP_ALIVE_TIMEOUT_S,
      fetch: (request: Request, server: Server<unknown>) => {
        completeUrl(request);
        return this.#finishResponse(request, app.fetch(request, { server }));
      },
      // Only for what Hono does not catch: without it, the runtime prints the stack to stderr.
      error: (error: unknown) => {
        log.error("{error}", { error });
        return new Problem(500, "The server failed to handle this request.").toResponse();
      },
      ...(this.#websocket ? { websocket: this.#websocket } : {}),
    } as Bun.Serve.Options<unknown>;
  }

  /** Reads what is left of the body, sets `connection: close` during the shutdown, and fixes the length of HEAD. */
  async #finishResponse(
    request: Request,
    pending: Response | Promise<Response>,
  ): Promise<Response> {
    const { method } = request;
    const response = await pending;
    // The usual case: nothing to discard or to add.
    if (method === "GET" && !this.isStopping) return response;
    const { headers, status } = response;
    // After a 408, the client was too slow already: do not wait for the remainder.
    const isRead = method === "GET" || (status !== 408 && (await discardUnreadBody(request)));
    // Clients must not reuse a connection that is about to close: their next request would be lost.
    if (this.isStopping || !isRead) headers.set("connection", "close");
    // A client that reads `connection: close` opens a new connection for its next request. While the listener closes, Bun
    // resets it, and the client cannot know whether a retry is safe. So respond only when the listener refuses connections.
    await this.#listenerClosed;
    // Hono drops the body of a response to HEAD. Without this header the runtime would send
    // `content-length: 0`, which has to be the length of GET or absent (RFC 9110, section 8.6).
    const hasLength = headers.has("content-length") || status === 204 || status === 304;
    if (method === "HEAD" && !hasLength) headers.set("transfer-encoding", "chunked");
    return isRead ? response : withLingeringClose(response);
  }

  /**
   * Stops without losing work: `/readyz` becomes 503 while requests are served for `SHUTDOWN_DELAY_MS`;
   * then new connections are refused, streams and sockets end, requests in flight finish, and after
   * `SHUTDOWN_TIMEOUT_MS` the remaining connections are closed. Never rejects.
   */
  async stop(): Promise<void> {
    this.isStopping = true;
    notice.info("draining");
    const { SHUTDOWN_DELAY_MS = 0, SHUTDOWN_TIMEOUT_MS = 0 } = this.#env ?? {};
    await Bun.sleep(SHUTDOWN_DELAY_MS);
    const listenerClosed = Promise.withResolvers<void>();
    this.#listenerClosed = listenerClosed.promise;
    await Bun.sleep(this.#server ? HOLD_MS : 0);
    // Closes the listener immediately, and resolves when the requests in flight have finished.
    const stopped = this.#server?.stop();
    listenerClosed.resolve();
    this.#draining.abort();
    const onError = (error: unknown) => this.fail("background work failed", error);
    const drained = this.#resources.map((it) => Promise.try(() => it.drain?.()).catch(onError));
    const finished = Promise.all([stopped, ...drained]);
    if (!(await within(SHUTDOWN_TIMEOUT_MS, finished))) {
      notice.info("closing connections that did not finish in time");
      await this.#server?.stop(true);
    }
    await this.close();
    notice.info("stopped");
  }

  /** Closes the resources in reverse order of `use`, including those that a `close` registers. Never rejects. */
  async close(): Promise<void> {
    // A resource leaves the list first, so that a second call does not close it again.
    for (let resource = this.#resources.pop(); resource; resource = this.#resources.pop()) {
      try {
        const closed = Promise.try(() => resource.close?.());
        if (await within(CLOSE_TIMEOUT_MS, closed)) continue;
        throw new Error(`It took longer than ${CLOSE_TIMEOUT_MS} ms.`);
      } catch (error) {
        this.fail(`${resource.constructor.name} did not close`, error);
      }
    }
  }

  /** Logs what failed; the process will exit with code 1. */
  fail(what: string, error: unknown): void {
    this.exitCode = 1;
    notice.error("{what}: {error}", { what, error });
  }
}

/** A browser cannot open `0.0.0.0` or `[::]`, which mean every address of this machine. */
function openableUrl({ href, hostname }: URL): string {
  return /^(0\.0\.0\.0|\[::\])$/.test(hostname) ? href.replace(hostname, "localhost") : href;
}

/**
 * The runtime sets `url` to the path alone if Host is invalid, or missing as in HTTP/1.0 and some health checks; the request
 * gets a complete URL here. It is not copied, because the runtime knows the client's address only for the object that it created.
 */
function completeUrl(request: Request): void {
  if (!request.url.startsWith("/")) return;
  Object.defineProperty(request, "url", { value: `http://localhost${request.url}` });
}

/** @throws {StartError} that names the variable if the address is taken or not allowed. */
function listenOr<T>(variable: "PORT" | "METRICS_PORT", env: ServiceEnv, listen: () => T): T {
  try {
    return listen();
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall !== "listen") throw cause;
    const message = `Can't listen on ${env.HOST}:${env[variable]} (${code}).`;
    throw new StartError(message, `Set HOST and ${variable} to a free address.`, { cause });
  }
}
