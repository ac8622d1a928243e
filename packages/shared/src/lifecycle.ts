// The life of an HTTP service: start, health and readiness, and a stop that drops no work.
import type { BunRequest, Server, WebSocketHandler } from "bun";

type Answer = Response | undefined;
type Handler<Data> = (request: BunRequest, server: Server<Data>) => Answer | Promise<Answer>;

export interface LifecycleOptions {
  /** Whether the stores that the service needs are up; a rejection or two seconds of silence is no. */
  readonly ready?: () => boolean | Promise<boolean>;
  /** Ends what would stay open for ever: event streams, WebSockets (close code 1012). */
  readonly drain?: () => void | Promise<void>;
  /** Closes the stores, after the last request. */
  readonly close?: () => void | Promise<void>;
  /** Writes what the log still holds, last of all. */
  readonly flush?: () => void | Promise<void>;
  /** Told in a sentence what happens (it listens, drains, stopped), and the error if that failed. */
  readonly report: (message: string, error?: unknown) => void;
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
  #exitCode = 0;

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
    const ready = await Promise.race([
      Promise.try(this.#options.ready ?? (() => true)).catch(() => false),
      Bun.sleep(READY_MS).then(() => false),
    ]);
    if (this.#draining) return unavailable("draining");
    return ready ? Response.json({ status: "ok" }) : unavailable("unavailable");
  };

  /** Listens, and reports the URL. If the address is taken or not allowed, says so: exit code 1. */
  listen({ HOST, PORT, routes, websocket, idleTimeout = 30 }: ListenOptions<Data>): Server<Data> {
    const options = {
      hostname: HOST,
      port: PORT,
      // The body limits are the handlers': the runtime's own 413 would not be a problem+json.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      // Without it, the runtime lets a second service share the port, with a part of the requests.
      reusePort: false,
      idleTimeout,
      routes,
      ...(websocket ? { websocket } : {}),
    } as Bun.Serve.Options<Data, string>;
    try {
      this.#server = Bun.serve<Data, string>(options);
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (syscall !== "listen") throw error;
      console.error(
        `Can't listen on ${HOST}:${PORT} (${code}): set HOST and PORT to a free address.`,
      );
      process.exit(1);
    }
    this.#options.report(`listening on ${this.#server.url.href}`);
    return this.#server;
  }

  /**
   * Serves until `stopped` (see `stopSignal`), shuts down and ends the process: with code 0, or 1 if
   * something failed. An error that nothing caught is reported and stops the service the same way.
   */
  async run(stopped: Promise<unknown>, options: ShutdownOptions): Promise<never> {
    const crashed = new Promise<void>((resolve) => {
      const crash = (error: unknown) => {
        this.#fail("stopping after an error that nothing caught", error);
        resolve();
      };
      process.on("uncaughtException", crash).on("unhandledRejection", crash);
    });
    await Promise.race([stopped, crashed]);
    await this.shutdown(options);
    await within(FLUSH_MS, this.#attempt("flush"));
    process.exit(this.#exitCode);
  }

  /**
   * Stops without dropping work: readyz turns 503 and all is served for the delay, then new
   * connections are refused, streams are ended and requests in flight finish; what is left after
   * the timeout is cut, and the stores are closed. Never rejects: what fails is reported.
   */
  async shutdown({ SHUTDOWN_DELAY_MS, SHUTDOWN_TIMEOUT_MS }: ShutdownOptions): Promise<void> {
    const { report } = this.#options;
    this.#draining = true;
    report("draining");
    await Bun.sleep(SHUTDOWN_DELAY_MS);
    const finished = Promise.all([this.#server?.stop(), this.#attempt("drain")]);
    if (!(await within(SHUTDOWN_TIMEOUT_MS, finished))) {
      report("cutting what is still in flight");
      await this.#server?.stop(true);
    }
    if (!(await within(CLOSE_MS, this.#attempt("close")))) {
      this.#fail("close failed", new Error(`not done after ${CLOSE_MS} ms`));
    }
    report("stopped");
  }

  async #attempt(step: "drain" | "close" | "flush"): Promise<void> {
    try {
      await this.#options[step]?.();
    } catch (error) {
      this.#fail(`${step} failed`, error);
    }
  }

  #fail(message: string, error: unknown): void {
    this.#exitCode = 1;
    this.#options.report(message, error);
  }
}

/** Milliseconds for `ready`: a probe waits no longer, and a store that is down may not answer at all. */
const READY_MS = 2000;

/** Milliseconds for `close`, after which the process ends without it. */
const CLOSE_MS = 5000;

/** Milliseconds for `flush`: who reads the log may have stalled. */
const FLUSH_MS = 1000;

/** True once `work` is done, false if that takes longer than `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const timeout = Promise.withResolvers<false>();
  const timer = setTimeout(timeout.resolve, ms, false);
  const done = await Promise.race([work.then(() => true), timeout.promise]);
  clearTimeout(timer);
  return done;
}

function unavailable(status: string): Response {
  return Response.json({ status }, { status: 503, headers: { "retry-after": "1" } });
}

/**
 * Resolves when the process is told to stop; a second signal ends it at once with exit code 1.
 * Call it first: a signal that comes while the service starts then stops it in order, and process 1
 * of a container would not see a signal that it doesn't handle.
 */
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
