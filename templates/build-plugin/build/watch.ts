// Rebuilds after each change of the inputs. Debounced, and never two builds at a time.
import { inputPaths } from "./pipeline.ts";
import { Watcher } from "./watcher.ts";

/**
 * Runs until the process ends. Each build runs in its own process, because loaded modules do not change: a build with an
 * old schema or plugin would cache its output under the fingerprint of the new one.
 * A build that fails prints the reason; the next change starts another build.
 */
export async function watchBuild(args: readonly string[]): Promise<never> {
  console.log(`Watching ${inputPaths().join(", ")}`);
  for (;;) {
    using inputs = new Watcher(inputPaths());
    await Bun.spawn([process.execPath, ...process.execArgv, "build.ts", ...args], {
      stdio: ["ignore", "inherit", "inherit"],
    }).exited;
    await inputs.settled();
  }
}
