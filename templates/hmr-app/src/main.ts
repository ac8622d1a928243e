// Starts the service in production: environment, logs, the built page, routes, and a clean stop on a signal.
import { join } from "node:path";
import { readEnv } from "#lib/env";
import { Lifecycle, stopSignal } from "#lib/lifecycle";
import { flushLogs, report, setupLog } from "#lib/log";
import { version } from "../package.json";
import { routes } from "./app.ts";
import { schema } from "./env.ts";
import type { Connection } from "./server/handler.ts";
import { release } from "./server/held.ts";
import { closeClients, live, startHeart } from "./server/live.ts";
import { memory } from "./server/state.ts";
import { loadPages } from "./static/assets.ts";
import { builtFiles } from "./static/files.ts";

const env = readEnv(schema);
await setupLog(env);
const stopped = stopSignal();
// From src/ and from dist/ alike: both stand in the project's folder.
const files = await builtFiles(join(import.meta.dir, "../dist/public"));
if (!files) {
  console.error("Nothing is built yet: run `bun run build` first, or `bun run dev`.");
  process.exit(1);
}
const lifecycle = new Lifecycle<Connection>({
  report,
  drain: closeClients,
  close: release,
  flush: flushLogs,
});
memory.version = version;
startHeart();
lifecycle.listen({
  ...env,
  routes: routes({
    pages: await loadPages(files),
    healthz: lifecycle.healthz,
    readyz: lifecycle.readyz,
    expose: env.NODE_ENV !== "production",
  }),
  websocket: live,
});
await lifecycle.run(stopped, env);
