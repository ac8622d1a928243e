// The wanted port, or the next one that is free.
import type { Env } from "../env.ts";

/** Ports that are tried one after the other. */
const TRIES = 20;

/**
 * Calls `open` with one port after the other. If none of them is free, or the host is not this
 * machine's, says so: exit code 1.
 */
export function onFreePort<T>(
  { HOST, PORT }: Pick<Env, "HOST" | "PORT">,
  open: (port: number) => T,
): T {
  for (let port = PORT; ; port += 1) {
    try {
      return open(port);
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (syscall !== "listen") throw error;
      if (code === "EADDRINUSE" && port < Math.min(PORT + TRIES - 1, 65_535)) continue;
      console.error(
        `Can't listen on ${HOST}:${PORT} (${code}): set HOST and PORT to a free address.`,
      );
      process.exit(1);
    }
  }
}
