// Listens on the configured port, or on the next one that is free.
import { notice } from "#lib/log";
import { type Lifecycle, StartError, type WebApp } from "#lib/service";
import type { Env } from "../env.ts";

/** Number of ports to try. */
const MAX_PORTS = 20;

/** @throws {StartError} if no port is free, or `HOST` is not an address of this machine. */
export function listenOnFreePort(service: Lifecycle, env: Env, app: WebApp): void {
  const last = Math.min(env.PORT + MAX_PORTS - 1, 65_535);
  for (let port = env.PORT; ; port += 1) {
    try {
      service.listen({ ...env, PORT: port }, app);
      if (port !== env.PORT) notice.info(`port ${env.PORT} is taken, so this is port ${port}`);
      return;
    } catch (error) {
      const cause = error instanceof StartError ? error.cause : undefined;
      const isTaken = (cause as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE";
      if (!isTaken || port === last) throw error;
    }
  }
}
