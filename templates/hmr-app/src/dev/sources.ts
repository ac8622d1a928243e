// A fingerprint of the sources, which shows whether anything was edited in between.
import { stat } from "node:fs/promises";
import { join } from "node:path";

const SRC = join(import.meta.dir, "..");

/** Changes with every file below src/ that is saved, added, renamed or removed. */
export async function sourcesFingerprint(): Promise<string> {
  const paths = await Array.fromAsync(new Bun.Glob("**/*").scan(SRC));
  const versions = paths.toSorted().map(async (path) => {
    // A file removed since the scan is a change like any other.
    const { mtimeMs, size } = await stat(join(SRC, path)).catch(() => ({ mtimeMs: 0, size: 0 }));
    return `${path} ${mtimeMs} ${size}`;
  });
  return Bun.hash((await Promise.all(versions)).join("\n")).toString(36);
}
