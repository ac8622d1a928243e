// Starts the chat: environment, logs, store, hub, routes, and a clean stop on a signal.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Server } from "bun";
import { readEnv } from "#lib/env";
import { Lifecycle, stopSignal } from "#lib/lifecycle";
import { flushLogs, log, notice, setupLog } from "#lib/log";
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
const report = (error: unknown) => log.error("{error}", { error });
const { REDIS_URL: url, REDIS_PREFIX: prefix } = env;
await mkdir(env.DATA_DIR, { recursive: true });
const secret =
  env.SESSION_SECRET ??
  (url ? await sharedSecret(url, prefix) : await developmentSecret(env.DATA_DIR));

let server: Server<Connection> | undefined;
const hub = new Hub({
  ...env,
  openStore: (listener) =>
    url
      ? new RedisStore({ url, prefix, listener, report })
      : new LocalStore(join(env.DATA_DIR, "chat.db"), listener),
  // Short messages grow when they are compressed.
  publish: (topic, frame) => server?.publish(topic, frame, false),
  report,
});
const lifecycle = new Lifecycle<Connection>({
  ready: () => hub.store.ready(),
  drain: () => hub.closeAll(1012, "The server restarts: connect again."),
  close: () => hub.store.close(),
  flush: flushLogs,
  report: (message, error) =>
    error === undefined
      ? notice.info(message)
      : log.error("{message}: {error}", { message, error }),
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
    report,
  }),
  websocket: socketHandlers({ ...env, report }),
});
await lifecycle.run(stopped, env);
