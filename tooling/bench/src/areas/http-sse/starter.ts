// Starts the starter as in production, with limits out of the way.
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Run } from "../../run.ts";
import type { Service } from "../../service.ts";

const TEMPLATE = join(import.meta.dir, "../../../../../templates/http-sse");

/** With an empty data folder, unless `env` has a `DATA_DIR`: a data folder belongs to one process. */
export async function startStarter(
  run: Run,
  env: Readonly<Record<string, string>>,
): Promise<Service> {
  const DATA_DIR = env.DATA_DIR ?? (await mkdtemp(join(run.folder, "data-")));
  return run.start(["bun", "src/main.ts"], {
    cwd: TEMPLATE,
    env: { RATE_LIMIT: "1000000000", ...env, DATA_DIR },
  });
}

/** @throws unless the answer is 201. */
export async function postMessage(url: string, text: string): Promise<void> {
  const response = await fetch(`${url}/api/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });
  if (response.status !== 201) throw new Error(`Posting was answered with ${response.status}.`);
  await response.arrayBuffer();
}
