// Brings a page that was opened while it did not build to life, as soon as an edit mends it.
import { stat } from "node:fs/promises";
import { join } from "node:path";

/** Where the page asks for the state of the sources. */
export const SOURCES = "/_bun/sources";

const SRC = join(import.meta.dir, "..");

/** Changes with every file below src/ that is saved, added, renamed or removed. */
export async function sourcesState(): Promise<string> {
  const paths = await Array.fromAsync(new Bun.Glob("**/*").scan(SRC));
  const states = paths.toSorted().map(async (path) => {
    // A file that goes at this moment is a change like any other.
    const { mtimeMs, size } = await stat(join(SRC, path)).catch(() => ({ mtimeMs: 0, size: 0 }));
    return `${path} ${mtimeMs} ${size}`;
  });
  return Bun.hash((await Promise.all(states)).join("\n")).toString(36);
}

/**
 * Bun's "Build Failed" page misses now and then that the mistake is mended. It gets a script that
 * reloads it after the next edit; asking for the page instead would build it each time.
 * @param before the state of the sources before the build that failed.
 */
export async function reloadedAfterEdit(response: Response, before: string): Promise<Response> {
  const look = async (path: string, before: string) => {
    const sources = await fetch(path);
    if (sources.ok && (await sources.text()) !== before) location.reload();
  };
  const call = `(${look})(${JSON.stringify(SOURCES)}, ${JSON.stringify(before)})`;
  const page = `${await response.text()}<script>setInterval(() => ${call}, 500)</script>`;
  return new Response(page, {
    status: response.status,
    headers: { "content-type": "text/html;charset=utf-8" },
  });
}
