// Starts the service: environment, logs, stores, routes, and a clean stop on a signal.
import { readEnv } from "#lib/env";
import { Lifecycle, stopSignal } from "#lib/lifecycle";
import { flushLogs, report, setupLog } from "#lib/log";
import { openApp } from "./app.ts";
import { schema } from "./env.ts";
import { openStores } from "./stores.ts";

const stopped = stopSignal();
const env = readEnv(schema);
await setupLog(env);
const { log, uploads } = await openStores(env);
const lifecycle: Lifecycle = new Lifecycle({
  report,
  ready: () => log.ready(),
  drain: () => app.drain(),
  close: () => app.close(),
  flush: flushLogs,
});
const app = await openApp({ env, log, uploads, lifecycle, root: import.meta.dir });
lifecycle.listen({
  ...env,
  routes: app.routes,
  // Twice the heartbeat: only a client that takes nothing is idle for so long.
  idleTimeout: Math.max(30, Math.ceil((2 * env.HEARTBEAT_MS) / 1000)),
});
await lifecycle.run(stopped, env);
