// Starts the chat: environment, logs, store, hub, routes, and a clean stop on a signal.
import { join } from "node:path";
import type { Server } from "bun";
import { readEnv } from "#lib/env";
import { Lifecycle, stopSignal } from "#lib/lifecycle";
import { flushLogs, log, report, setupLog } from "#lib/log";
import { openPage } from "#lib/page";
import { routes } from "./app.ts";
import type { Connection } from "./connection.ts";
import { envSchema } from "./env.ts";
import { Hub } from "./hub.ts";
import { developmentSecret } from "./session.ts";
import { LocalStore } from "./store/local.ts";
import { RedisStore } from "./store/redis/redis.ts";
import { sharedSecret } from "./store/redis/secret.ts";
import { socketHandlers } from "./upgrade.ts";

const stopped = stopSignal();
const env = readEnv(envSchema);
await setupLog(env);
const reportError = (error: unknown) => log.error("{error}", { error });
const { REDIS_URL: url, REDIS_PREFIX: prefix } = env;

let server: Server<Connection> | undefined;
const { secret, hub } = await openChat().catch(refuse);
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

async function openChat() {
  const secret =
    env.SESSION_SECRET ??
    (url ? await sharedSecret(url, prefix) : await developmentSecret(env.DATA_DIR));
  const hub = new Hub({
    ...env,
    openStore: (listener) =>
      url
        ? new RedisStore({ url, prefix, listener, report: reportError })
        : new LocalStore(join(env.DATA_DIR, "chat.db"), listener),
    // Short messages grow when they are compressed.
    publish: (topic, frame) => server?.publish(topic, frame, false),
    report: reportError,
  });
  return { secret, hub };
}

/** Without its data a chat has nothing to serve. */
async function refuse(error: unknown): Promise<never> {
  await flushLogs();
  const place = url ? "Redis (REDIS_URL)" : `${env.DATA_DIR} (DATA_DIR)`;
  console.error(`Can't open ${place}: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
