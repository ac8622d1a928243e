// The time from the start of the development server until the page shows its first text.
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { startService } from "../../service.ts";
import { environment, projects } from "./project.ts";
import { openTab, shows } from "./tab.ts";

/** @param modules that the page imports, besides React. What a start leaves in a cache, the next one uses. */
export function firstPaint(modules: number): Bench {
  const entries = Object.entries(projects).map(([name, make]): [string, Contestant] => [
    name,
    async (run) => {
      const project = await make(await mkdtemp(join(run.folder, "paint-")), modules);
      const options = { cwd: project.cwd, env: environment };
      return async () => {
        const tab = await openTab("about:blank");
        const started = performance.now();
        await using server = await startService(project.command, options, run.folder);
        await tab.navigate(`${server.url}/`);
        await shows(tab, "first");
        const passed = performance.now() - started;
        await tab.close();
        return passed;
      };
    },
  ]);
  return { unit: "ms", contestants: Object.fromEntries(entries) };
}
