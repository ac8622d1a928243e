// Starts the service: environment, logs, schema, store, routes, and a clean stop on a signal.
import { readEnv } from "#lib/env";
import { Lifecycle, stopSignal } from "#lib/lifecycle";
import { flushLogs, log, report, setupLog } from "#lib/log";
import { createRoutes } from "./app.ts";
import { openStore, prepareSchema } from "./database.ts";
import { envSchema } from "./env.ts";
import { MigrateError } from "./migrate/errors.ts";

const env = readEnv(envSchema);
await setupLog(env);
const stopped = stopSignal();
const applied = await prepareSchema(env, { migrate: env.MIGRATE_ON_START }).catch(refuse);
if (applied.length > 0) log.info("applied {migrations}", { migrations: applied.join(", ") });
const store = openStore(env);
const lifecycle = new Lifecycle({
  report,
  ready: () => store.ready(),
  close: async () => store[Symbol.asyncDispose](),
  flush: flushLogs,
});
lifecycle.listen({ ...env, routes: createRoutes({ env, store }, lifecycle) });
await lifecycle.run(stopped, env);

/** On a schema that this code does not know, no request can be answered right. */
async function refuse(error: unknown): Promise<never> {
  if (!(error instanceof MigrateError)) throw error;
  await flushLogs();
  console.error(error.hint ? `${error.message}\n${error.hint}` : error.message);
  process.exit(1);
}
