// Finds cycles in an import graph. Imports of types do not count, because they do not exist at run time.
import type { Graph } from "./imports.ts";

/**
 * Returns a shortest cycle through each module that is part of one, without duplicates.
 * Each starts with its first path in sort order.
 */
export function findCycles(graph: Graph): readonly (readonly string[])[] {
  const cycles = new Map<string, readonly string[]>();
  for (const path of [...graph.keys()].toSorted()) {
    const cycle = shortestCycle(graph, path);
    if (cycle !== undefined) {
      const rotated = startAtFirst(cycle);
      cycles.set(rotated.join("\n"), rotated);
    }
  }
  return [...cycles.values()];
}

/** Breadth-first search for the shortest path from a module to itself. The module is listed once. */
function shortestCycle(graph: Graph, start: string): readonly string[] | undefined {
  const seen = new Set<string>();
  let paths: (readonly string[])[] = [[start]];
  while (paths.length > 0) {
    const longer: (readonly string[])[] = [];
    for (const path of paths) {
      for (const { to, kind } of graph.get(path.at(-1) ?? start) ?? []) {
        if (kind === "type" || seen.has(to)) continue;
        if (to === start) return path;
        seen.add(to);
        longer.push([...path, to]);
      }
    }
    paths = longer;
  }
  return undefined;
}

/** Rotates a cycle so that it starts with the path that sorts first: equal cycles become equal arrays. */
function startAtFirst(cycle: readonly string[]): readonly string[] {
  const first = cycle.indexOf(cycle.toSorted()[0] ?? "");
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}
