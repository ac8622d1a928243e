// Fingerprints of files, to notice edits by polling.
import { stat } from "node:fs/promises";
import { join } from "node:path";

/** The server's code, without files that editors write before a save, such as `.app.ts.swp` and `#app.ts#`. */
export const SERVER_FILES = ["src/[!#]*", "src/!(page)/**/[!#]*"];

const ROOT = join(import.meta.dir, "../..");

/** Returns a value that changes when a matching file is saved, added, renamed or removed. `*` matches no leading dot. */
export async function fingerprint(globs: readonly string[]): Promise<string> {
  const scans = globs.map((glob) => {
    const scan = new Bun.Glob(glob).scan({ cwd: ROOT });
    // The scan fails if a folder is removed while it runs. The empty list then counts as a change.
    return Array.fromAsync(scan).catch(() => []);
  });
  const paths = (await Promise.all(scans)).flat();
  const versions = paths.toSorted().map(async (path) => {
    // An editor may replace the file at this moment.
    const stats = await stat(join(ROOT, path)).catch(() => undefined);
    return `${path} ${stats?.mtimeMs} ${stats?.size}`;
  });
  return Bun.hash((await Promise.all(versions)).join("\n")).toString(36);
}
