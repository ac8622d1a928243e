// Defect: the bundler reads a file while an editor replaces it, and finds it missing or empty. The page then loses its
// state, and after a rename the bundler keeps building the old file.
// Bun 1.4.5, no issue found.
// Workaround: waits for up to 200 ms until the file has content. If it was removed and nothing imports it any more, the
// bundler restarts. If it is still imported, the page reloads once the file is restored.
import { statSync } from "node:fs";
import type { BunPlugin } from "bun";
import { MISSING, SOURCE, shorten, versionOf } from "./files.ts";
import { isImported } from "./missed-edits.ts";

const POLL_MS = 10;
/** Milliseconds within which an editor replaces a file. */
const MAX_WAIT_MS = 200;

const missing = new Set<string>();

export default {
  name: "replaced-files",
  setup(build) {
    build.onLoad({ filter: SOURCE }, async ({ path }) => {
      if (!hasContent(path)) await waitForContent(path);
      if (versionOf(path) === MISSING) {
        if (isImported(path)) missing.add(path);
        else process.send?.({ type: "restart", reason: `${shorten(path)} was removed` });
      } else if (missing.delete(path)) {
        process.send?.({ type: "reload", reason: `${shorten(path)} was restored` });
      }
      return undefined;
    });
  },
} satisfies BunPlugin;

async function waitForContent(path: string): Promise<void> {
  const deadline = Date.now() + MAX_WAIT_MS;
  while (!hasContent(path) && Date.now() < deadline) await Bun.sleep(POLL_MS);
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
