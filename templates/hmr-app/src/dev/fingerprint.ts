// Fingerprints of files, to notice edits by polling.
import { stat } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** Returns a value that changes when a matching file is saved, added, renamed or removed. */
export async function fingerprint(globs: readonly string[]): Promise<string> {
  const scans = globs.map((glob) => {
    const scan = new Bun.Glob(glob).scan({ cwd: ROOT, dot: true });
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
