// Starts the starter as in production, with limits out of the way.
import { join } from "node:path";
import type { Run } from "../../run.ts";
import type { Service } from "../../service.ts";

const TEMPLATE = join(import.meta.dir, "../../../../../templates/http-sse");

export function startStarter(run: Run, env: Readonly<Record<string, string>>): Promise<Service> {
  return run.start(["bun", "src/main.ts"], {
    cwd: TEMPLATE,
    env: { RATE_LIMIT: "1000000000", DATA_DIR: join(run.folder, "data"), ...env },
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
