// Cycles in an import graph: modules that come back to themselves by imports that run.
import type { Graph } from "./imports.ts";

/** One cycle, the shortest, through each module that is on one; each begins with the path that sorts first. */
export function findCycles(graph: Graph): readonly (readonly string[])[] {
  const cycles = new Map<string, readonly string[]>();
  for (const path of [...graph.keys()].toSorted()) {
    const cycle = wayBack(graph, path);
    if (cycle !== undefined) {
      const turned = fromFirst(cycle);
      cycles.set(turned.join("\n"), turned);
    }
  }
  return [...cycles.values()];
}

/** The shortest way from a module to itself, breadth first; the module is named once. */
function wayBack(graph: Graph, start: string): readonly string[] | undefined {
  const seen = new Set<string>();
  let ways: (readonly string[])[] = [[start]];
  while (ways.length > 0) {
    const longer: (readonly string[])[] = [];
    for (const way of ways) {
      for (const { to, kind } of graph.get(way.at(-1) ?? start) ?? []) {
        if (kind === "type" || seen.has(to)) continue;
        if (to === start) return way;
        seen.add(to);
        longer.push([...way, to]);
      }
    }
    ways = longer;
  }
  return undefined;
}

function fromFirst(cycle: readonly string[]): readonly string[] {
  const first = cycle.indexOf(cycle.toSorted()[0] ?? "");
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}
