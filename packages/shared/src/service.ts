// Starts and stops a service: environment, logs, listening, health, drain, close, exit code.
import { Hono } from "hono";
import type { z } from "zod";
import { EnvError, parseEnv, type ServiceEnv, type serviceVariables } from "./env.ts";
import { Lifecycle, type Service, StartError, type WebApp } from "./lifecycle.ts";
import { flushLogs, log, setupLog } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { within } from "./within.ts";

export * from "./lifecycle.ts";

type Schema = z.ZodObject<typeof serviceVariables & z.ZodRawShape>;

interface ServiceOptions<S extends Schema> {
  readonly schema: S;
  /** Opens the resources and returns the app. @throws {StartError} */
  readonly createApp: (env: Readonly<z.output<S>>, service: Service) => WebApp | Promise<WebApp>;
}

/**
 * Whether `bun --watch` restarts the process after an edit, which it cannot do once the process has exited. So after a bug the
 * process waits for the edit, or for a signal.
 */
const isWatched = process.execArgv.includes("--watch");

/** Milliseconds to wait for the logs to be written, because the process that reads them may have stalled. */
const FLUSH_TIMEOUT_MS = 1000;

/**
 * Runs a service until SIGTERM or SIGINT, drains it and ends the process: with exit code 0, or with 1 after a failed
 * start, a failed shutdown or an uncaught error. A second signal exits immediately with 1, unless
 * it arrives within 500 ms of the first.
 */
export async function runService<S extends Schema>(options: ServiceOptions<S>): Promise<never> {
  // Installs the signal handlers first, because process 1 of a container ignores a signal without a handler.
  const life = new Lifecycle();
  const stop = stopSignal();
  const ended = Promise.race([stop, uncaughtError(life)]);
  try {
    // A signal ends the start, but only after any synchronous work that blocks the thread.
    await Promise.race([start(options, life), ended]);
    // From here on, the service runs.
    await ended;
  } catch (error) {
    await reportStartError(error);
    life.isStopping = true;
    await life.close();
    // No edit repairs the environment.
    const isBug = !(error instanceof StartError || error instanceof EnvError);
    if (isWatched && isBug) await stop;
    process.exit(1);
  }
  await life.stop();
  await within(FLUSH_TIMEOUT_MS, flushLogs());
  if (isWatched) await stop;
  process.exit(life.exitCode);
}

async function start<S extends Schema>(
  { schema, createApp }: ServiceOptions<S>,
  life: Lifecycle,
): Promise<void> {
  const env = parseEnv(schema, process.env) as Readonly<z.output<S>> & ServiceEnv;
  setupLog(env);
  life.metrics = new Metrics(env.METRICS_PORT !== undefined);
  life.listen(env, await createApp(env, life));
}

/** Prints why the start failed: message and hint of a `StartError`, the stack of anything unexpected. */
export async function reportStartError(error: unknown): Promise<void> {
  await within(FLUSH_TIMEOUT_MS, flushLogs());
  if (error instanceof StartError)
    console.error([error.message, error.hint].filter(Boolean).join("\n"));
  else console.error(error instanceof EnvError ? error.message : error);
}

/** `GET /healthz`: the process is alive. `GET /readyz`: whether to send requests here. */
export function healthRoutes(service: Service) {
  return new Hono()
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", async (c) => {
      const status = await readiness(service);
      if (status === "ok") return c.json({ status });
      return c.json({ status }, 503, { "retry-after": "1" });
    });
}

async function readiness(service: Service): Promise<"ok" | "draining" | "unavailable"> {
  try {
    if (!service.isStopping) await service.ready();
  } catch (error) {
    log.warn("not ready: {error}", { error });
    if (!service.isStopping) return "unavailable";
  }
  // The shutdown may have started during the check.
  return service.isStopping ? "draining" : "ok";
}

/** Milliseconds in which a further signal is a copy: the terminal sends Ctrl-C to the process, and `bun run` sends it again. */
const SIGNAL_COPY_MS = 500;

/** Resolves at the first SIGTERM or SIGINT. A later one that is not a copy exits with code 1. */
export function stopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let firstAt: number | undefined;
  const handle = () => {
    firstAt ??= performance.now();
    if (performance.now() - firstAt > SIGNAL_COPY_MS) process.exit(1);
    resolve();
  };
  process.on("SIGTERM", handle).on("SIGINT", handle);
  return promise;
}

/** Resolves at the first error that nothing catches. The state of the process is unknown then, so the service stops. */
function uncaughtError(life: Lifecycle): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const handle = (error: unknown) => {
    life.fail("stopping after an uncaught error", error);
    resolve();
  };
  process.on("uncaughtException", handle).on("unhandledRejection", handle);
  return promise;
}
