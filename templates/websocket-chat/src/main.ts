// Starts the chat: environment, logs, store, hub, routes, and a clean stop on a signal.
import type { Server } from "bun";
import { readEnv } from "#lib/env";
import { Lifecycle, stopSignal } from "#lib/lifecycle";
import { flushLogs, log, report, setupLog } from "#lib/log";
import { openPage } from "#lib/page";
import { routes } from "./app.ts";
import type { Connection } from "./connection.ts";
import { envSchema } from "./env.ts";
import { Hub } from "./hub.ts";
import { openStore, sessionSecret } from "./store/open.ts";
import { socketHandlers } from "./upgrade.ts";

const stopped = stopSignal();
const env = readEnv(envSchema);
await setupLog(env);
const reportError = (error: unknown) => log.error("{error}", { error });

let server: Server<Connection> | undefined;
const openHub = () =>
  new Hub({
    ...env,
    openStore: (listener) => openStore(env, listener, reportError),
    // Short messages grow when they are compressed.
    publish: (topic, frame) => server?.publish(topic, frame, false),
    report: reportError,
  });
const secret = await sessionSecret(env).catch(refuse);
const hub = await Promise.try(openHub).catch(refuse);
const lifecycle = new Lifecycle<Connection>({
  ready: () => hub.store.ready(),
  drain: () => hub.closeAll(1012, "The server restarts: connect again."),
  close: () => hub.store.close(),
  flush: flushLogs,
  report,
});
server = lifecycle.listen({
  ...env,
  routes: routes({
    ...env,
    hub,
    secret,
    page: await openPage(`${import.meta.dir}/page/index.html`),
    healthz: lifecycle.healthz,
    readyz: lifecycle.readyz,
    expose: env.NODE_ENV !== "production",
    report: reportError,
  }),
  websocket: socketHandlers({ ...env, report: reportError }),
});
await lifecycle.run(stopped, env);

/** Without its data a chat has nothing to serve. */
async function refuse(error: unknown): Promise<never> {
  await flushLogs();
  const place = env.REDIS_URL ? "Redis (REDIS_URL)" : `${env.DATA_DIR} (DATA_DIR)`;
  console.error(`Can't open ${place}: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
