// Waits for a condition.

const POLL_MS = 50;
/** Timeout. The error shows the last value. */
const TIMEOUT_MS = 60_000;

/** Polls until `read` returns `wanted`. An error of `read`, such as a failed fetch during a restart, counts as a value. */
export async function until(
  what: string,
  read: () => unknown | Promise<unknown>,
  wanted: unknown = true,
): Promise<void> {
  const started = performance.now();
  for (;;) {
    const value = await Promise.try(read).catch(String);
    if (Bun.deepEquals(value, wanted)) return;
    if (performance.now() - started > TIMEOUT_MS) {
      throw new Error(`${what} is ${Bun.inspect(value)}, and not ${Bun.inspect(wanted)}`);
    }
    await Bun.sleep(POLL_MS);
  }
}
