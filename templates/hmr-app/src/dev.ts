// The development server. `bun --hot` evaluates this file again after each edit of the server's code.
import { reset } from "@logtape/logtape";
import { EnvError, parseEnv } from "#lib/env";
import { log, setupLog } from "#lib/log";
import { Lifecycle, reportStartError, StartError, stopSignal } from "#lib/service";
import { createApp } from "./app.ts";
import { createDevApp } from "./dev/app.ts";
import { startBundler } from "./dev/bundler.ts";
import { withRelay } from "./dev/hmr-relay.ts";
import { devPage } from "./dev/page.ts";
import { listenOnFreePort } from "./dev/port.ts";
import { watchForMissedEdits } from "./dev/save-watcher.ts";
import { schema } from "./env.ts";
import { state } from "./features/counter/state.ts";
import { broadcast } from "./features/live/broadcast.ts";
import { liveSocket } from "./features/live/routes.ts";
import { hot } from "./hot.ts";

const dev = hot.data("dev", () => ({
  /** The service that handles requests; undefined until the first one has started. */
  service: undefined as Lifecycle | undefined,
  /** The service of the latest edit. */
  latest: undefined as Lifecycle | undefined,
  starts: 0,
  resetLogs: reset,
}));
hot.data("signals", () => stopSignal().then(() => process.exit(0)));

const service = new Lifecycle();
dev.latest = service;
try {
  await start();
} catch (error) {
  await service.close();
  const isMisconfigured = error instanceof EnvError || error instanceof StartError;
  // At the first start there is no older code to fall back to; Bun prints the error and waits for an edit.
  if (!dev.service && !isMisconfigured) throw error;
  await reportStartError(error);
  // After an edit the older code keeps serving, and its timers keep running. Rethrowing the error would pause them.
  if (!dev.service) process.exit(1);
}

async function start(): Promise<void> {
  const given = parseEnv(schema, process.env);
  // A second evaluation could not open the port for metrics again.
  const env = { ...given, NODE_ENV: "development" as const, METRICS_PORT: undefined };
  // Each copy of the logging library listens for the end of the process; without a reset they would add up.
  await dev.resetLogs();
  dev.resetLogs = reset;
  await setupLog(env);

  const app = createDevApp(await createApp(env, service, devPage));
  // While this app was created, a later edit may have been evaluated.
  if (dev.latest !== service) return service.close();
  service.websocket(withRelay(liveSocket));
  dev.starts += 1;
  state.version = `dev-${dev.starts}`;
  const stale = dev.service;
  if (stale) {
    dev.service = service;
    await service.takeOver(stale, env, app);
    broadcast();
    log.info("reloaded: {version}", { version: state.version });
  } else {
    listenOnFreePort(service, env, app);
    dev.service = service;
    // Started last, so that a failed start prints only its own message.
    startBundler();
    watchForMissedEdits();
  }
}
