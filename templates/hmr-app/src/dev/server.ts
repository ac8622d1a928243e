// Serves in development. After an edit of the server's code, `bun --hot` evaluates this file again, and the new service
// takes over from the previous one.
import { reset } from "@logtape/logtape";
import type { Server } from "bun";
import { EnvError, parseEnv } from "#lib/env";
import { log, notice, setupLog } from "#lib/log";
import { Lifecycle, reportStartError, StartError, stopSignal, type WebApp } from "#lib/service";
import { type Env, schema } from "../env.ts";
import { createHot, disposeOfData } from "../hot.ts";
import { createDevApp, devPage } from "./app.ts";
// #region workarounds
import { restartBundler } from "./bundler.ts";
// #endregion
import { withRelay } from "./hmr-relay.ts";
import { pollServer } from "./poll.ts";
import { listenOnFreePort } from "./port.ts";
// #region workarounds
import { reevaluate } from "./reevaluate.ts";
// #endregion
// #region workarounds
import { watchConfigFiles } from "./workarounds/config-files.ts";

// #endregion

interface Dev {
  /** The service that handles requests; undefined until the first one has started. */
  service: Lifecycle;
  /** The service of the latest evaluation, which may still be starting. */
  latest: Lifecycle;
  resetLogs: () => Promise<void>;
  handlesSignals: boolean;
}

const { data: dev } = createHot<Dev>("dev:server");
if (!dev.handlesSignals) stopSignal().then(() => stop(0));
dev.handlesSignals = true;

/**
 * A service that also handles the WebSockets over which pages receive edits, and that can replace a previous one. The
 * inherited `listen` starts the server; the inherited `close` closes what the app registered with `use`, not the server.
 */
class DevService extends Lifecycle {
  #server: Server<unknown> | undefined;

  override get server(): Server<unknown> {
    return this.#server ?? super.server;
  }

  /**
   * Takes over the server of `stale`, with its connections. Close `stale` afterwards.
   * @throws {TypeError} if an option is invalid; `stale` then keeps serving.
   */
  takeOver(stale: Lifecycle, env: Env, app: WebApp): void {
    this.#server = stale.server.reload(this.serveOptions(env, app));
  }

  protected override serveOptions(env: Env, app: WebApp) {
    const { websocket: handlers, ...options } = super.serveOptions(env, app);
    // Pages also receive edits from an app without WebSockets.
    return { ...options, websocket: withRelay(handlers ?? { message: () => undefined }) };
  }
}

/** Milliseconds after which a start counts as slow. */
const SLOW_START_MS = 3000;

// `bun --hot` evaluates the next edit once this module is evaluated, so the module does not wait for a slow start.
const slowStart = Promise.withResolvers<void>();
const timer = setTimeout(() => {
  notice.info("the server is still starting; the next edit starts it again");
  slowStart.resolve();
}, SLOW_START_MS);
await Promise.race([serve(), slowStart.promise]);
clearTimeout(timer);

async function serve(): Promise<void> {
  const service = new DevService();
  const previous = dev.latest;
  dev.latest = service;
  // The previous evaluation's service may never have served, because its start failed or hangs: close it. The service that
  // serves, `dev.service`, is closed by `start`, once the new one has replaced it.
  if (previous !== dev.service) await previous?.close();
  try {
    await start(service);
  } catch (error) {
    await service.close();
    await reportStartError(error);
    const isMisconfigured = error instanceof EnvError || error instanceof StartError;
    const isOnlyService = !dev.service && dev.latest === service;
    // Any other error can be fixed by an edit. Until then, the service of older code keeps serving, if there is one.
    if (isMisconfigured && isOnlyService) await stop(1);
  }
}

async function start(service: DevService): Promise<void> {
  const env = developmentEnv(parseEnv(schema, process.env));
  // Each evaluation of the logging library adds an exit listener. Without a reset, the listeners would accumulate.
  await dev.resetLogs?.();
  dev.resetLogs = reset;
  setupLog(env);

  // Polling starts before the app is imported, because an edit may have to fix an app that fails.
  // #region workarounds
  watchConfigFiles({ reevaluate, restartBundler });
  // #endregion
  await pollServer(env.DEV_POLL);
  const { createApp } = await import("../app.ts");
  // `createApp` registers `hotModules`, so `stale.close()` below runs the `dispose` callbacks of the old code.
  const app = createDevApp(await createApp(env, service, devPage), env);
  // While this app was created, a later edit may have been evaluated.
  if (dev.latest !== service) return service.close();
  const stale = dev.service;
  if (stale) {
    service.takeOver(stale, env, app);
    dev.service = service;
    await stale.close();
    log.info("reloaded the server");
  } else {
    listenOnFreePort(service, env, app);
    dev.service = service;
  }
}

/** Overrides variables that must have a certain value in development. */
function developmentEnv(env: Env): Env {
  const { HOST, DEV_HOSTS } = env;
  return {
    ...env,
    NODE_ENV: "development",
    // Otherwise the printed link would be refused with 403.
    DEV_HOSTS: [...DEV_HOSTS, HOST.includes(":") ? `[${HOST}]` : HOST],
    // A second evaluation could not open the port for metrics again.
    METRICS_PORT: undefined,
  };
}

/** Disposes of everything that the code holds, and exits, which closes the connections. */
async function stop(exitCode: number): Promise<void> {
  // `latest` is not the service that handles requests if the start of `latest` has failed or has not ended.
  await dev.latest?.close();
  await dev.service?.close();
  const remaining = new Lifecycle();
  disposeOfData(remaining);
  await remaining.close();
  process.exit(exitCode);
}
