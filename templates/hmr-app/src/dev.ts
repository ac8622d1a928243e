// The development server. `bun --hot` evaluates this file again after each edit of the server's code.
import { reset } from "@logtape/logtape";
import type { WebSocketHandler } from "bun";
import { readEnv } from "#lib/env";
import { Lifecycle, stopSignal } from "#lib/lifecycle";
import { log, report, setupLog } from "#lib/log";
import { routes } from "./app.ts";
import { admission } from "./dev/admission.ts";
import { openBundler } from "./dev/bundler.ts";
import { edits } from "./dev/edits.ts";
import { onFreePort } from "./dev/port.ts";
import { schema } from "./env.ts";
import type { Connection } from "./server/handler.ts";
import { disposeLeftOver, keep } from "./server/held.ts";
import { broadcast, live, startHeart } from "./server/live.ts";
import { memory } from "./server/state.ts";

const env = readEnv(schema);
// The library listens for the end of the process: its copy from before the edit lets go first.
const logs = keep("logs", () => ({ reset }));
await logs.reset();
logs.reset = reset;
await setupLog({ ...env, NODE_ENV: "development" });
keep("stop", () => stopSignal().then(() => process.exit(0)));

const { healthz, readyz } = new Lifecycle<Connection>({ report });
const handlerOf = ({ kind }: Connection) => (kind === "live" ? live : edits);
const websocket: WebSocketHandler<Connection> = {
  open: (socket) => handlerOf(socket.data).open(socket),
  message: (socket, message) => handlerOf(socket.data).message(socket, message),
  close: (socket) => handlerOf(socket.data).close(socket),
};
const bundler = openBundler();
const options = {
  // The bundler below is the development server; what Bun would add here is not for everybody.
  development: false,
  // Without it, two servers would share a port, each with a part of the requests.
  reusePort: false,
  idleTimeout: 60,
  routes: routes({
    pages: bundler.pages,
    quiet: bundler.routes,
    healthz,
    readyz,
    expose: true,
    admit: admission(env.DEV_HOSTS),
  }),
  websocket,
};

const running = keep("server", () => {
  const listen = (port: number) => Bun.serve({ ...options, hostname: env.HOST, port });
  return { server: onFreePort(env, listen), evaluations: 0 };
});
bundler.start();
running.evaluations += 1;
memory.version = `dev-${running.evaluations}`;
startHeart();
if (running.evaluations === 1) {
  const { port, url } = running.server;
  if (env.PORT !== 0 && port !== env.PORT) report(`port ${env.PORT} is taken, so this is ${port}`);
  report(`listening on ${url.href}`);
} else {
  running.server.reload(options);
  disposeLeftOver();
  broadcast();
  log.info("reloaded: {version}", { version: memory.version });
}
