// Starts the service: environment, logs, stores, routes, and a clean stop on a signal.
import { z } from "zod";
import { readEnv, serviceVariables } from "#lib/env";
import { Lifecycle, stopSignal } from "#lib/lifecycle";
import { flushLogs, log, report, requestLog, setupLog } from "#lib/log";
import { openPage } from "#lib/page";
import { methods, notFound, problems } from "#lib/problem";

const env = readEnv(z.object(serviceVariables));
await setupLog(env);
const stopped = stopSignal();
const lifecycle = new Lifecycle({ report, flush: flushLogs });

const logged = requestLog<undefined>();
const guarded = problems<undefined>({
  expose: env.NODE_ENV !== "production",
  report: (error) => log.error("{error}", { error }),
});
const page = await openPage(`${import.meta.dir}/page/index.html`);
const pages = Object.entries(page).map(
  ([path, GET]) => [path, methods<undefined>({ GET })] as const,
);
const routes = {
  ...Object.fromEntries(pages),
  "/healthz": methods<undefined>({ GET: lifecycle.healthz }),
  "/readyz": methods<undefined>({ GET: lifecycle.readyz }),
  "/*": notFound,
};
lifecycle.listen({
  ...env,
  routes: Object.fromEntries(
    Object.entries(routes).map(([path, handler]) => [path, logged(guarded(handler))]),
  ),
});
await lifecycle.run(stopped, env);
