// The wanted port, or the next one that is free.

/** Ports that are tried one after the other. */
const TRIES = 20;

/** Calls `open` with one port after the other. @throws what it throws, when none of them is free. */
export function onFreePort<T>(wanted: number, open: (port: number) => T): T {
  for (let port = wanted; ; port += 1) {
    try {
      return open(port);
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!taken || port === wanted + TRIES - 1 || port === 65_535) throw error;
    }
  }
}
