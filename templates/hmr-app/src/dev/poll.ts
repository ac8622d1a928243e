// DEV_POLL: polls the server's code where the file system sends no events, such as a folder of the host in a container.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createHot } from "../hot.ts";
import { reevaluate } from "./reevaluate.ts";

const POLL_MS = 300;
const SRC = join(import.meta.dir, "..");

const { data } = createHot<{ latest: string; timer: Timer }>("dev:poll");

/** Evaluates the server again after each edit below src/. */
export async function pollServer(): Promise<void> {
  // Kept across evaluations: otherwise an edit between two of them would be missed.
  data.latest ??= await lastModified();
  // Replaces the timer of the previous evaluation. It is not disposed of, because it must outlive code that fails to start.
  clearInterval(data.timer);
  data.timer = setInterval(async () => {
    const current = await lastModified();
    if (current !== data.latest) reevaluate();
    data.latest = current;
  }, POLL_MS);
}

async function lastModified(): Promise<string> {
  const paths = await Array.fromAsync(new Bun.Glob("**/*.{ts,json}").scan(SRC));
  const ofServer = paths.filter((path) => !/^page[\\/]/.test(path));
  const times = ofServer.map(async (path) => {
    // An editor may replace the file at this moment.
    const stats = await stat(join(SRC, path)).catch(() => undefined);
    return `${path} ${stats?.mtimeMs}`;
  });
  return (await Promise.all(times)).toSorted().join();
}
