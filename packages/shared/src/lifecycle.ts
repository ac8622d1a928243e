// The life of an HTTP service: start, health and readiness, and a stop that drops no work.
import type { BunRequest, Server, WebSocketHandler } from "bun";

type Answer = Response | undefined;
type Handler<Data> = (request: BunRequest, server: Server<Data>) => Answer | Promise<Answer>;

export interface LifecycleOptions {
  /** Resolves to false, or rejects, while a store that the service needs is down. */
  readonly ready?: () => boolean | Promise<boolean>;
  /** Ends what would stay open for ever: event streams, WebSockets (close code 1012). */
  readonly drain?: () => void | Promise<void>;
  /** Closes the stores, after the last request. */
  readonly close?: () => void | Promise<void>;
  /** Told what happens, in a sentence: where it listens, that it drains, that it stopped. */
  readonly report: (message: string) => void;
}

export interface ListenOptions<Data> {
  readonly HOST: string;
  readonly PORT: number;
  readonly routes: Readonly<Record<string, Handler<Data>>>;
  readonly websocket?: WebSocketHandler<Data>;
  /** Seconds without a byte after which a connection is closed; up to 255. */
  readonly idleTimeout?: number;
}

export interface ShutdownOptions {
  /** Milliseconds in which everything is still served, so that a balancer can see /readyz turn 503. */
  readonly SHUTDOWN_DELAY_MS: number;
  /** Milliseconds that requests in flight have before they are cut. */
  readonly SHUTDOWN_TIMEOUT_MS: number;
}

export class Lifecycle<Data = undefined> {
  readonly #options: LifecycleOptions;
  #server: Server<Data> | undefined;
  #draining = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** True from the first signal on. */
  get draining(): boolean {
    return this.#draining;
  }

  /** GET /healthz: the process is alive. */
  readonly healthz = (): Response => Response.json({ status: "ok" });

  /** GET /readyz: send traffic here, or not. */
  readonly readyz = async (): Promise<Response> => {
    if (this.#draining) return unavailable("draining");
    const ready = await Promise.try(this.#options.ready ?? (() => true)).catch(() => false);
    if (this.#draining) return unavailable("draining");
    return ready ? Response.json({ status: "ok" }) : unavailable("unavailable");
  };

  /** Listens, and reports the URL. @throws the runtime's error, e.g. `EADDRINUSE`. */
  listen({ HOST, PORT, routes, websocket, idleTimeout = 30 }: ListenOptions<Data>): Server<Data> {
    const server = Bun.serve<Data, string>({
      hostname: HOST,
      port: PORT,
      // The body limits are the handlers': the runtime's own 413 would not be a problem+json.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      idleTimeout,
      routes,
      ...(websocket ? { websocket } : {}),
    } as Bun.Serve.Options<Data, string>);
    this.#server = server;
    this.#options.report(`listening on ${server.url.href}`);
    return server;
  }

  /**
   * Stops without dropping work: readyz turns 503 and all is served for the delay, then new
   * connections are refused, streams are ended and requests in flight finish; what is left after
   * the timeout is cut, and the stores are closed.
   */
  async shutdown({ SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS }: ShutdownOptions): Promise<void> {
    this.#draining = true;
    this.#options.report("draining");
    await Bun.sleep(SHUTDOWN_DELAY_MS);
    const finished = Promise.all([this.#server?.stop(), this.#options.drain?.()]);
    const timeout = Promise.withResolvers<"timeout">();
    const timer = setTimeout(timeout.resolve, SHUTDOWN_TIMEOUT_MS, "timeout");
    if ((await Promise.race([finished, timeout.promise])) === "timeout") {
      this.#options.report("cutting what is still in flight");
      await this.#server?.stop(true);
    }
    clearTimeout(timer);
    await this.#options.close?.();
    this.#options.report("stopped");
  }
}

function unavailable(status: string): Response {
  return Response.json({ status }, { status: 503, headers: { "retry-after": "1" } });
}

/** Resolves when the process is told to stop; a second signal ends it at once with exit code 1. */
export function stopSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let signalled = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (signalled) process.exit(1);
      signalled = true;
      resolve(signal);
    });
  }
  return promise;
}
