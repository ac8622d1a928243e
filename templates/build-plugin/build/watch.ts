// Runs something again when files change: once for changes that come together, and never twice at a time.
import { watch } from "node:fs";

/** Editors save a file in several steps, and formatters save several files. */
const QUIET_MS = 30;

/** Until the process ends. A run that fails is told by `run`, and the next change is waited for. */
export async function watchFolders(
  folders: readonly string[],
  run: () => Promise<unknown>,
): Promise<never> {
  let changed = Promise.withResolvers<void>();
  // Folders and not files: an atomic save puts another file in place of the one that was watched.
  for (const folder of folders) watch(folder, { recursive: true }, () => changed.resolve());
  console.log(`Watching ${folders.join(", ")}`);
  for (;;) {
    await changed.promise;
    await Bun.sleep(QUIET_MS);
    changed = Promise.withResolvers<void>();
    await run();
  }
}
