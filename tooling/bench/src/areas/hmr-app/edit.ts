// The time from saving an edit until the page shows it.
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Contestant } from "../../area.ts";
import { editedModule, environment, projects } from "./project.ts";
import { openTab, shows } from "./tab.ts";

/** Edits of which the slowest twentieth is looked for. */
const EDITS = 20;

/** Opens the page and returns how to edit it and time that, in milliseconds. */
async function opened(
  run: Parameters<Contestant>[0],
  make: (typeof projects)[string],
  modules: number,
): Promise<() => Promise<number>> {
  const project = await make(await mkdtemp(join(run.folder, "edit-")), modules);
  const { url } = await run.start(project.command, { cwd: project.cwd, env: environment });
  const tab = await openTab(`${url}/`);
  await shows(tab, "first");
  let edits = 0;
  return async () => {
    edits += 1;
    const text = `edit ${edits}`;
    const shown = shows(tab, text);
    const started = performance.now();
    await Bun.write(project.edited, editedModule(text));
    await shown;
    const passed = performance.now() - started;
    // Editors do not save twice within the debounce time of a watcher.
    await Bun.sleep(150);
    return passed;
  };
}

function contestants(
  modules: number,
  sample: (edit: () => Promise<number>) => Promise<number>,
): Readonly<Record<string, Contestant>> {
  const entries = Object.entries(projects).map(([name, make]): [string, Contestant] => [
    name,
    async (run) => {
      const edit = await opened(run, make, modules);
      return () => sample(edit);
    },
  ]);
  return Object.fromEntries(entries);
}

/** @param modules that the page imports, besides React and the one that is edited. */
export function edit(modules: number): Bench {
  return {
    unit: "ms",
    rounds: 41,
    warmups: 5,
    contestants: contestants(modules, (edit) => edit()),
  };
}

export function editTail(modules: number): Bench {
  return {
    unit: "ms",
    rounds: 5,
    contestants: contestants(modules, async (edit) => {
      const times: number[] = [];
      for (let index = 0; index < EDITS; index += 1) times.push(await edit());
      return times.toSorted((a, b) => a - b)[Math.floor(0.95 * EDITS) - 1] ?? 0;
    }),
  };
}
