// Builds again when an input changes: once for changes that come together, and never twice at a time.
import { statSync, watch } from "node:fs";
import { INPUTS } from "./pipeline.ts";

/** Editors save a file in several steps, and formatters save several files. */
const TOGETHER_MS = 30;

/**
 * Until the process ends. Each build is a process of its own: modules stay loaded as they were, and a build
 * that still had an old schema or loader would put what it makes into the cache as if it were of the new one.
 * One that fails tells why, and the next change is waited for.
 */
export async function watchBuild(args: readonly string[]): Promise<never> {
  let changed = Promise.withResolvers<void>();
  for (const path of INPUTS.filter((path) => statSync(path).isDirectory())) {
    watch(path, { recursive: true }, () => changed.resolve());
  }
  // Files by their folder: an atomic save puts another file in place of the one that was watched.
  watch(".", (_, name) => {
    if (name !== null && INPUTS.includes(name)) changed.resolve();
  });
  console.log(`Watching ${INPUTS.join(", ")}`);
  for (;;) {
    changed = Promise.withResolvers();
    await Bun.spawn([process.execPath, ...process.execArgv, "build.ts", ...args], {
      stdio: ["ignore", "inherit", "inherit"],
    }).exited;
    await changed.promise;
    await Bun.sleep(TOGETHER_MS);
  }
}
